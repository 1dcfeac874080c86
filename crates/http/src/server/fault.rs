//! Responses that say what went wrong.

use bytes::Bytes;
use compysition_core::{Error, ErrorKind};
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::media::Format;
use crate::server::answer_mode::ErrorBody;
use crate::server::body::ResponseBody;
use crate::server::soap_fault::SoapVersion;
use crate::status::{BACK_END, status_of};

/// The detail of an error that names its code in SOAP.
const FAULT_CODE: &str = "fault_code";

/// The detail of an error that names the codings that a body may have.
pub(crate) const ACCEPT_ENCODING: &str = "accept_encoding";

/// What went wrong with a request, and the status that says so.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) error: Error,
    /// The actor that failed, or where the last copy of the request's event ended.
    pub(crate) actor: Option<String>,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault {
            status: status_of(&error),
            error,
            actor: None,
        }
    }
}

impl Fault {
    pub(crate) fn with_status(status: StatusCode, error: Error) -> Fault {
        Fault {
            status,
            ..Fault::from(error)
        }
    }

    /// Returns whether the message is for the log only: an inner error's may tell secrets.
    pub(crate) fn is_hidden(&self) -> bool {
        matches!(self.error.kind(), ErrorKind::Internal | ErrorKind::Panicked)
    }

    /// Makes the response. `realm` is what credentials are asked for, if the error does not say.
    pub(crate) fn respond(
        &self,
        format: Format,
        style: ErrorBody,
        realm: &str,
    ) -> Response<ResponseBody> {
        let mut response = Response::new(ResponseBody::default());
        let soap = SoapVersion::of(style);
        let status = soap.map_or(self.status, |soap| soap.status(self.status));
        *response.status_mut() = status;
        let is_empty = matches!(status, StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT);
        if !is_empty {
            let (media_type, text) = self.body(format, style);
            *response.body_mut() = ResponseBody::new(Bytes::from(text));
            let media_type = HeaderValue::from_static(media_type);
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, media_type);
        }
        self.add_headers(&mut response, realm);
        response
    }

    fn body(&self, format: Format, style: ErrorBody) -> (&'static str, String) {
        if let Some(soap) = SoapVersion::of(style) {
            let code = self.error.detail(FAULT_CODE).and_then(Value::as_str);
            let fields = elements(&self.fields());
            let text = soap.body(self.status, code, &escape(self.message()), &fields);
            return (soap.media_type(), text);
        }
        match (style, format) {
            (ErrorBody::Envelope, Format::Json) => (
                "application/json",
                json!({ "errors": [self.fields()] }).to_string(),
            ),
            (ErrorBody::Envelope, Format::Xml) => {
                let fields = elements(&self.fields());
                let text = format!("<errors><error>{fields}</error></errors>");
                ("application/xml", text)
            }
            (ErrorBody::Envelope, _) => ("text/plain; charset=utf-8", self.line()),
            (ErrorBody::Problem, Format::Xml) => {
                let fields = elements(&self.problem());
                let text = format!("<problem xmlns=\"urn:ietf:rfc:7807\">{fields}</problem>");
                ("application/problem+xml", text)
            }
            (_, _) => (
                "application/problem+json",
                Value::Object(self.problem()).to_string(),
            ),
        }
    }

    fn message(&self) -> &str {
        if self.is_hidden() {
            "internal error"
        } else {
            self.error.message()
        }
    }

    /// Names the kind. What a back-end refuses is for the flow to tell apart: to the client it is as little
    /// `malformed` or `not_found` as it is 400 or 404.
    fn code(&self) -> &'static str {
        match self.error.detail(BACK_END) {
            Some(_) if self.status == StatusCode::BAD_GATEWAY => ErrorKind::BadGateway.as_str(),
            _ => self.error.kind().as_str(),
        }
    }

    fn line(&self) -> String {
        match &self.actor {
            Some(actor) => format!("{actor}: {}\n", self.message()),
            None => format!("{}\n", self.message()),
        }
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("message".into(), self.message().into());
        fields.insert("code".into(), self.code().into());
        self.add_details(&mut fields);
        fields
    }

    fn problem(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("type".into(), "about:blank".into());
        fields.insert(
            "title".into(),
            self.status.canonical_reason().unwrap_or("Error").into(),
        );
        fields.insert("status".into(), self.status.as_u16().into());
        fields.insert("detail".into(), self.message().into());
        fields.insert("code".into(), self.code().into());
        self.add_details(&mut fields);
        fields
    }

    fn add_details(&self, fields: &mut Map<String, Value>) {
        if let Some(actor) = &self.actor {
            fields.insert("actor".into(), actor.as_str().into());
        }
        if self.is_hidden() {
            return;
        }
        // These are headers, or none of the client's business.
        let elsewhere = [
            "realm",
            "challenge",
            "allow",
            "retry_after",
            ACCEPT_ENCODING,
            FAULT_CODE,
            BACK_END,
        ];
        for (name, value) in self.error.details() {
            if !elsewhere.contains(&name.as_str()) && !fields.contains_key(name) {
                fields.insert(name.clone(), value.clone());
            }
        }
    }

    fn add_headers(&self, response: &mut Response<ResponseBody>, realm: &str) {
        let detail = |name: &str| self.error.detail(name).map(plain);
        let mut add = |name, text: String| {
            if let Ok(value) = HeaderValue::from_str(&text) {
                response.headers_mut().insert(name, value);
            }
        };
        match self.status {
            StatusCode::UNAUTHORIZED => {
                let challenge = detail("challenge").unwrap_or_else(|| {
                    let realm = detail("realm").unwrap_or_else(|| realm.to_owned());
                    let realm = realm.replace(['"', '\\'], "'");
                    format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")
                });
                add(header::WWW_AUTHENTICATE, challenge);
            }
            StatusCode::FORBIDDEN => {
                if let Some(challenge) = detail("challenge") {
                    add(header::WWW_AUTHENTICATE, challenge);
                }
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                add(header::ALLOW, detail("allow").unwrap_or_default());
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                if let Some(codings) = detail(ACCEPT_ENCODING) {
                    add(header::ACCEPT_ENCODING, codings);
                }
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                if let Some(seconds) = detail("retry_after") {
                    add(header::RETRY_AFTER, seconds);
                }
            }
            _ => {}
        }
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn elements(fields: &Map<String, Value>) -> String {
    let fields = fields.iter();
    fields.map(|(name, value)| element(name, value)).collect()
}

/// Writes a value as an element, and a list as one for each item.
fn element(name: &str, value: &Value) -> String {
    let content = match value {
        Value::Array(items) => return items.iter().map(|item| element(name, item)).collect(),
        Value::Object(fields) => elements(fields),
        other => escape(&plain(other)),
    };
    let name: String = name
        .chars()
        .filter(|c| c.is_alphanumeric() || "_-.".contains(*c))
        .collect();
    match name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        true => format!("<{name}>{content}</{name}>"),
        false => String::new(),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' | '\r' => escaped.push(c),
            // XML 1.0 has no way to say them.
            c if c < ' ' || c == '\u{fffe}' || c == '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn malformed() -> Fault {
        let error = Error::malformed("no <end> tag").with_detail("line", 3);
        Fault {
            actor: Some("check".into()),
            ..Fault::from(error)
        }
    }

    #[test]
    fn bodies_are_as_the_client_likes_them() {
        let text = |format, style| malformed().body(format, style).1;
        let json = r#"{"errors":[{"message":"no <end> tag","code":"malformed","actor":"check","line":3}]}"#;
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(value(&text(Format::Json, ErrorBody::Envelope)), value(json));
        let xml = text(Format::Xml, ErrorBody::Envelope);
        assert!(xml.starts_with("<errors><error>") && xml.ends_with("</error></errors>"));
        assert!(xml.contains("<message>no &lt;end&gt; tag</message>"));
        assert!(xml.contains("<code>malformed</code>") && xml.contains("<line>3</line>"));
        let fault = Fault::from(
            Error::malformed("two").with_detail("violations", json!([{"line": 1}, {"line": 2}])),
        );
        let (_, xml) = fault.body(Format::Xml, ErrorBody::Envelope);
        let list = "<violations><line>1</line></violations><violations><line>2</line></violations>";
        assert!(xml.contains(list), "{xml}");
        assert_eq!(
            text(Format::Bytes, ErrorBody::Envelope),
            "check: no <end> tag\n"
        );
        let problem = value(&text(Format::Text, ErrorBody::Problem));
        assert_eq!(problem["status"], 400);
        assert_eq!(problem["title"], "Bad Request");
        assert_eq!(problem["detail"], "no <end> tag");
    }

    #[test]
    fn faults_of_soap_have_code_message_and_details() {
        let (media_type, text) = malformed().body(Format::Json, ErrorBody::Soap11);
        assert_eq!(media_type, "text/xml; charset=utf-8");
        let fault = "<faultcode>s:Client</faultcode><faultstring>no &lt;end&gt; tag</faultstring><detail><error>";
        assert!(
            text.contains(fault) && text.contains("<line>3</line>"),
            "{text}"
        );
        let response = malformed().respond(Format::Json, ErrorBody::Soap11, "flow");
        assert_eq!(response.status(), 500);
        let code = Error::malformed("x").with_detail(FAULT_CODE, "MustUnderstand");
        let (media_type, text) = Fault::from(code).body(Format::Xml, ErrorBody::Soap12);
        assert_eq!(media_type, "application/soap+xml; charset=utf-8");
        assert!(
            text.contains("<s:Value>s:MustUnderstand</s:Value>"),
            "{text}"
        );
        let (_, text) = Fault::from(Error::internal("secret")).body(Format::Xml, ErrorBody::Soap12);
        assert!(
            text.contains("<s:Value>s:Receiver</s:Value>") && !text.contains("secret"),
            "{text}"
        );
    }

    #[test]
    fn a_back_ends_refusal_has_the_code_of_its_status() {
        let code = |error: Error| {
            let fault = Fault::from(error.with_detail(BACK_END, true));
            fault.fields()["code"].clone()
        };
        assert_eq!(code(Error::not_found("no such order")), "bad_gateway");
        assert_eq!(code(Error::timeout("too late")), "timeout");
    }

    #[test]
    fn some_details_are_headers() {
        let error = Error::unauthorized("no").with_detail("realm", "a \"b\"");
        let response = Fault::from(error).respond(Format::Json, ErrorBody::Envelope, "flow");
        let challenge = &response.headers()["www-authenticate"];
        assert_eq!(challenge, "Basic realm=\"a 'b'\", charset=\"UTF-8\"");
        let error = Error::unavailable("later").with_detail("retry_after", 2);
        let response = Fault::from(error).respond(Format::Json, ErrorBody::Envelope, "flow");
        assert_eq!(response.headers()["retry-after"], "2");
    }

    #[test]
    fn inner_errors_tell_no_secrets() {
        let error = Error::internal("postgres://me:secret@db").with_detail("url", "secret");
        let body = Fault::from(error).body(Format::Json, ErrorBody::Envelope).1;
        assert!(!body.contains("secret"), "{body}");
    }
}
