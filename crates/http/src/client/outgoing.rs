//! The request that a call makes of an event.

use bytes::Bytes;
use compysition_core::{Error, Event, Payload, Result};
use compysition_expression::Template;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::Full;

use super::target::Target;
use crate::cloudevents::{self, CloudEvents};
use crate::coding;
use crate::media::Format;

const USER_AGENT: &str = concat!("compysition/", env!("CARGO_PKG_VERSION"));
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What the requests of an actor have in common.
#[derive(Clone)]
pub(crate) struct Outline {
    pub(crate) url: Template,
    /// The target, if it is the same for every event.
    pub(crate) target: Option<Target>,
    pub(crate) method: Option<Template>,
    pub(crate) headers: Vec<(HeaderName, Template)>,
    /// The header that carries the meta id.
    pub(crate) correlation: Option<HeaderName>,
    /// Whether the events are told as CloudEvents.
    pub(crate) cloudevents: Option<CloudEvents>,
}

impl Outline {
    /// Compiles the URL, and checks it if it is the same for every event.
    pub(crate) fn new(url: Template) -> Result<Outline> {
        let target = url.as_literal().map(Target::parse).transpose()?;
        Ok(Outline {
            url,
            target,
            method: None,
            headers: Vec::new(),
            correlation: Some(HeaderName::from_static("x-correlation-id")),
            cloudevents: None,
        })
    }

    pub(crate) fn set_method(&mut self, method: Template) -> Result {
        if let Some(method) = method.as_literal() {
            parse_method(method)?;
        }
        self.method = Some(method);
        Ok(())
    }

    pub(crate) fn add_header(&mut self, name: &str, value: Template) -> Result {
        let header = parse_name(name)?;
        let own = [
            header::CONNECTION,
            header::CONTENT_LENGTH,
            header::TE,
            header::TRANSFER_ENCODING,
            header::UPGRADE,
        ];
        if own.contains(&header) {
            return Err(Error::internal(format!(
                "the header `{name}` cannot be set, it is the connection's"
            )));
        }
        if let Some(value) = value.as_literal() {
            parse_value(&header, value)?;
        }
        self.headers.push((header, value));
        Ok(())
    }

    /// Makes the request of an event of a flow.
    ///
    /// # Errors
    /// What the templates say; internal, if what they make can be no URL, method or header.
    pub(crate) fn fill(&self, event: &Event, flow: &str) -> Result<Outgoing> {
        let target = match &self.target {
            Some(target) => target.clone(),
            None => Target::parse(&self.url.render(event)?)?,
        };
        let method = match &self.method {
            Some(method) => parse_method(&method.render(event)?)?,
            None if matches!(event.payload(), Payload::Empty) && self.cloudevents.is_none() => {
                Method::GET
            }
            None => Method::POST,
        };
        let mut outgoing = Outgoing {
            target,
            method,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        outgoing.add_own_headers(event, self.correlation.as_ref())?;
        if let Some(CloudEvents::Binary) = self.cloudevents {
            cloudevents::write(&mut outgoing.headers, event, flow)?;
        }
        if ![Method::GET, Method::HEAD, Method::TRACE].contains(&outgoing.method) {
            outgoing.add_body(event)?;
        }
        for (name, value) in &self.headers {
            let value = value.render(event)?;
            if value.is_empty() {
                outgoing.headers.remove(name);
            } else {
                outgoing.headers.insert(name, parse_value(name, &value)?);
            }
        }
        Ok(outgoing)
    }
}

pub(crate) fn parse_name(name: &str) -> Result<HeaderName> {
    let parsed = HeaderName::from_bytes(name.as_bytes());
    parsed.map_err(|_| Error::internal(format!("`{name}` cannot be the name of a header")))
}

fn parse_method(method: &str) -> Result<Method> {
    let parsed = method.trim().to_ascii_uppercase().parse();
    parsed.map_err(|_| Error::internal(format!("`{method}` is no method of HTTP")))
}

/// The value may be secret, so the error does not show it.
fn parse_value(name: &HeaderName, value: &str) -> Result<HeaderValue> {
    let parsed = HeaderValue::from_str(value.trim());
    let mut parsed = parsed.map_err(|_| {
        Error::internal(format!(
            "the header `{name}` would have characters that no header may have"
        ))
    })?;
    parsed.set_sensitive([header::AUTHORIZATION, header::COOKIE].contains(name));
    Ok(parsed)
}

/// One request. It can be sent again, to where a redirect leads.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) target: Target,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Outgoing {
    pub(crate) fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.uri().clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// Turns to where a redirect leads, as browsers do: a redirect of status 301, 302 or 303 is fetched.
    pub(crate) fn turn_to(&mut self, target: Target, status: StatusCode) {
        let is_fetched = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if is_fetched {
            self.method = Method::GET;
            self.body = Bytes::new();
            self.headers.remove(header::CONTENT_TYPE);
        }
        if !target.has_origin_of(&self.target) {
            self.forget_secrets();
        }
        if let Some(authorization) = target.authorization() {
            self.headers
                .insert(header::AUTHORIZATION, authorization.clone());
        }
        self.target = target;
    }

    /// Leaves only headers that anybody may see: those of the settings were meant for another server.
    fn forget_secrets(&mut self) {
        let harmless = [
            header::ACCEPT,
            header::ACCEPT_ENCODING,
            header::CONTENT_TYPE,
            header::USER_AGENT,
        ];
        let mut kept = HeaderMap::new();
        for name in harmless {
            if let Some(value) = self.headers.remove(&name) {
                kept.insert(name, value);
            }
        }
        self.headers = kept;
    }

    fn add_own_headers(&mut self, event: &Event, correlation: Option<&HeaderName>) -> Result {
        self.headers
            .insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        self.headers
            .insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        self.headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static(coding::ACCEPTED),
        );
        // Both may come from elsewhere; what can be no header is left out, as the call can do without.
        if let Some(name) = correlation
            && let Ok(meta_id) = HeaderValue::from_str(&event.meta_id())
        {
            self.headers.insert(name, meta_id);
        }
        if let Some(Ok(traceparent)) = event.traceparent().map(HeaderValue::from_str) {
            self.headers.insert(TRACEPARENT, traceparent);
        }
        if let Some(authorization) = self.target.authorization() {
            self.headers
                .insert(header::AUTHORIZATION, authorization.clone());
        }
        Ok(())
    }

    fn add_body(&mut self, event: &Event) -> Result {
        let payload = event.payload();
        if matches!(payload, Payload::Empty) {
            return Ok(());
        }
        // A tree that cannot be written out is found here.
        payload.bytes()?;
        self.body = Bytes::from_owner(Content(payload.clone()));
        let format = Format::of_payload(payload);
        let attribute = event.attribute("content_type");
        let made = attribute.as_ref().and_then(|value| value.as_str());
        // What an earlier actor made says nothing of another format.
        let fits = |made: &&str| match format {
            Format::Json | Format::Xml => Format::of(made) == format,
            Format::Text | Format::Bytes => true,
        };
        let media_type = made.filter(fits).unwrap_or(format.media_type());
        self.headers.insert(
            header::CONTENT_TYPE,
            parse_value(&header::CONTENT_TYPE, media_type)?,
        );
        Ok(())
    }
}

/// A payload that has been written out, so that it need not be copied to be sent.
struct Content(Payload);

impl AsRef<[u8]> for Content {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes().unwrap_or_default()
    }
}
