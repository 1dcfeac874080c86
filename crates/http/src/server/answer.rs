//! Responses that carry what a flow made.

use std::borrow::Cow;

use bytes::Bytes;
use compysition_core::{Error, ErrorKind, Event, Payload, Result};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::accept::Accept;
use crate::http_event::HttpEvent;
use crate::media::Format;
use crate::server::body::ResponseBody;
use crate::server::convert;
use crate::static_files::OpenFile;

/// Bodies up to this size are copied: that costs less than to keep their payload.
const COPIED: usize = 4096;

/// Makes the response of an answer, converted to what the client accepts.
///
/// # Errors
/// Not acceptable, if it cannot be and is a success; internal, if the answer's status cannot be one.
pub(crate) fn respond(
    event: &Event,
    accept: &Accept,
    envelope: bool,
    send_file: impl FnOnce(&OpenFile) -> ResponseBody,
) -> Result<Response<ResponseBody>> {
    let http = event.http();
    let status = http.status().unwrap_or(StatusCode::OK);
    if status.is_informational() {
        return Err(Error::internal(format!(
            "the flow set the status {status}, which is no answer"
        )));
    }
    let headers = http.response_headers();
    let mut response = Response::new(ResponseBody::default());
    *response.status_mut() = status;
    let has_body = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let is_empty = matches!(event.payload(), Payload::Empty);
    if let Some(file) = OpenFile::of(event)?.filter(|_| has_body && is_empty) {
        let own = own_type(event, &headers);
        let bytes = Payload::from(Vec::new());
        let (_, media_type) = offer(&bytes, own, accept)?;
        *response.body_mut() = send_file(file);
        let media_type = HeaderValue::try_from(&*media_type)?;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type);
    }
    if has_body && !is_empty {
        let own = own_type(event, &headers);
        let (payload, media_type) = match offer(event.payload(), own.clone(), accept) {
            // Who cannot read why it was refused, or where else to ask, is to learn at least that (RFC 9110 §12.5.1).
            Err(error) if error.kind() == ErrorKind::NotAcceptable && !status.is_success() => {
                (event.payload().clone(), own)
            }
            offered => offered?,
        };
        let payload = if envelope {
            convert::envelope(payload)?
        } else {
            payload
        };
        *response.body_mut() = body(payload)?;
        let media_type = match media_type {
            // `from_static` is made for the compiler, and slow at run time.
            Cow::Borrowed(text) => {
                HeaderValue::from_maybe_shared(Bytes::from_static(text.as_bytes()))?
            }
            Cow::Owned(text) => HeaderValue::try_from(text)?,
        };
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type);
    }
    for (name, value) in &*headers {
        if !is_framing(name) {
            response.headers_mut().append(name, value.clone());
        }
    }
    Ok(response)
}

/// Headers that belong to the connection or are said otherwise.
fn is_framing(name: &header::HeaderName) -> bool {
    const FRAMING: [header::HeaderName; 6] = [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::UPGRADE,
        header::TE,
    ];
    FRAMING.contains(name)
}

/// Returns the media type that the flow gave its answer, or else that of its payload.
fn own_type(event: &Event, headers: &HeaderMap) -> Cow<'static, str> {
    let set = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if let Some(set) = set {
        return Cow::Owned(set.to_owned());
    }
    let format = Format::of_payload(event.payload());
    let attribute = event.attribute("content_type");
    let made = attribute.as_ref().and_then(|value| value.as_str());
    // What an earlier actor made says nothing of another format.
    let fits = |made: &&str| match format {
        Format::Json | Format::Xml => Format::of(made) == format,
        Format::Text | Format::Bytes => true,
    };
    match made.filter(fits) {
        Some(made) => Cow::Owned(made.to_owned()),
        None => Cow::Borrowed(format.media_type()),
    }
}

/// Returns the payload in the media type that the client likes best.
fn offer(
    payload: &Payload,
    own: Cow<'static, str>,
    accept: &Accept,
) -> Result<(Payload, Cow<'static, str>)> {
    if accept.is_indifferent() {
        return Ok((payload.clone(), own));
    }
    let format = Format::of_payload(payload);
    let mut offers = vec![(own, format)];
    match format {
        Format::Json => offers.extend([
            ("application/json".into(), Format::Json),
            ("application/xml".into(), Format::Xml),
            ("text/xml".into(), Format::Xml),
        ]),
        Format::Xml => offers.extend([
            ("application/xml".into(), Format::Xml),
            ("text/xml".into(), Format::Xml),
            ("application/json".into(), Format::Json),
        ]),
        Format::Text | Format::Bytes => {}
    }
    let Some((media_type, wanted)) = accept.choose(&offers, |(media_type, _)| media_type) else {
        let own = &offers[0].0;
        let message = format!("the answer is {own}, and cannot be made what you accept");
        return Err(Error::new(ErrorKind::NotAcceptable, message));
    };
    let payload = match (format, wanted) {
        (Format::Json, Format::Xml) => convert::to_xml(payload)?,
        (Format::Xml, Format::Json) => convert::to_json(payload)?,
        _ => payload.clone(),
    };
    Ok((payload, media_type.clone()))
}

fn body(payload: Payload) -> Result<ResponseBody> {
    let bytes = payload.bytes()?;
    Ok(ResponseBody::new(if bytes.len() <= COPIED {
        Bytes::copy_from_slice(bytes)
    } else {
        Bytes::from_owner(Written(payload))
    }))
}

/// A payload that has been written out as bytes.
struct Written(Payload);

impl AsRef<[u8]> for Written {
    fn as_ref(&self) -> &[u8] {
        // It was written out before; that is kept.
        self.0.bytes().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compysition_core::Json;
    use serde_json::json;

    fn accept(text: &str) -> Accept {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, text.parse().unwrap());
        Accept::of(&headers)
    }

    fn nothing(_: &OpenFile) -> ResponseBody {
        ResponseBody::default()
    }

    fn data(response: Response<ResponseBody>) -> (StatusCode, String, u64) {
        let media_type = response.headers().get("content-type");
        let media_type = media_type
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        (response.status(), media_type, response.body().len())
    }

    #[test]
    fn an_answer_has_the_type_of_its_payload() {
        let made = respond(&Event::new(json!({"a": 1})), &accept("*/*"), false, nothing).unwrap();
        assert_eq!(data(made), (StatusCode::OK, "application/json".into(), 7));
        let html = Event::new("<p>").with_attribute("content_type", "text/html");
        let made = respond(&html, &accept("text/html"), false, nothing).unwrap();
        assert_eq!(data(made).1, "text/html");
        let stale = Event::new(Json::from_text("{}")).with_attribute("content_type", "text/xml");
        let made = respond(&stale, &accept("*/*"), false, nothing).unwrap();
        assert_eq!(data(made).1, "application/json");
    }

    #[test]
    fn what_cannot_be_accepted_is_refused() {
        let error = respond(&Event::new("text"), &accept("image/png"), false, nothing).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotAcceptable);
    }

    #[test]
    fn the_flow_has_its_say() {
        let mut event = Event::new(());
        event.set_status(StatusCode::CREATED);
        event.set_response_header("location", "/7").unwrap();
        event.set_response_header("content-length", "9").unwrap();
        let response = respond(&event, &accept("*/*"), false, nothing).unwrap();
        assert_eq!(response.headers()["location"], "/7");
        assert!(!response.headers().contains_key("content-length"));
        assert_eq!(data(response), (StatusCode::CREATED, String::new(), 0));
        event.set_status(StatusCode::CONTINUE);
        assert!(respond(&event, &accept("*/*"), false, nothing).is_err());
    }
}
