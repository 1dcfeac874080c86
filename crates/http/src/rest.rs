//! Answers as REST has them.

use std::borrow::Cow;

use compysition_core::{Actor, Context, Event, Payload, Result};
use compysition_expression::Template;
use http::header::LOCATION;
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::HttpEvent;

/// The attribute that names what was made.
const ENTITY: &str = "entity_id";
/// What may stand in a segment of a path as it is (RFC 3986 §2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Gives answers the status that REST has for them.
///
/// The answer to a POST whose status is 200 or 201 becomes 201 with the header `location`; one that the flow has set already stays.
/// The answer to a GET, PUT, PATCH or DELETE whose status is 200 and that has no payload becomes 204. All else passes as it
/// is, also events that came by no request.
///
/// Put it before the reply: `… -> store -> rest -> reply`.
///
/// Example: `rest: { location: "/orders/{{ payload.id | urlencode }}" }`
///
/// Purpose: http. Patterns: message translator.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rest {
    /// Where that is which a POST made; a template. By default it is below the path of the request: the attribute `entity_id`, or
    /// else the meta id. `{entity_id}` stands for the same, as it did in the original. What may hold spaces, slashes or other special
    /// characters must be percent-encoded by the filter `urlencode`.
    #[serde(alias = "url_post_location")]
    location: Option<Template>,
}

impl Rest {
    /// Makes the actor with the default location.
    pub fn new() -> Rest {
        Rest::default()
    }

    /// Sets where that is which a POST made, a template.
    ///
    /// # Errors
    /// If the template has a mistake.
    pub fn location(location: impl Into<String>) -> Result<Rest> {
        let location = Some(Template::new(location)?);
        Ok(Rest { location })
    }

    fn translate(&self, event: &mut Event, ctx: &Context) -> Result {
        if event.error().is_some() {
            return Ok(());
        }
        let http = event.http();
        let status = http.status().unwrap_or(StatusCode::OK);
        let Some(method) = http.method() else {
            return Ok(());
        };
        let is_made = [StatusCode::OK, StatusCode::CREATED].contains(&status);
        match method {
            Method::POST if is_made => {
                if !http.response_headers().contains_key(LOCATION) {
                    let location = self.place(event, ctx)?;
                    event.set_response_header(LOCATION.as_str(), &location)?;
                }
                event.set_status(StatusCode::CREATED);
            }
            Method::GET | Method::PUT | Method::PATCH | Method::DELETE
                if status == StatusCode::OK && is_empty(event.payload()) =>
            {
                event.set_status(StatusCode::NO_CONTENT);
            }
            _ => {}
        }
        Ok(())
    }

    fn place(&self, event: &Event, ctx: &Context) -> Result<String> {
        let Some(template) = &self.location else {
            let path = event.http().path().unwrap_or_default().into_owned();
            // Two slashes at the beginning would name another server.
            let path = path.trim_matches('/');
            let slash = if path.is_empty() { "" } else { "/" };
            return Ok(format!("{slash}{path}/{}", entity(event)));
        };
        let place = template.render((event, ctx))?;
        Ok(place.replace("{entity_id}", &entity(event)))
    }
}

/// Returns the name of what was made, percent-encoded.
fn entity(event: &Event) -> String {
    let name = match event.attribute(ENTITY).as_deref() {
        None | Some(Value::Null) => event.meta_id(),
        Some(Value::String(text)) => Cow::Owned(text.clone()),
        Some(other) => Cow::Owned(other.to_string()),
    };
    utf8_percent_encode(&name, SEGMENT).to_string()
}

fn is_empty(payload: &Payload) -> bool {
    match payload {
        Payload::Empty => true,
        Payload::Text(text) => text.is_empty(),
        Payload::Bytes(bytes) => bytes.is_empty(),
        Payload::Json(_) | Payload::Xml(_) => false,
    }
}

impl Actor for Rest {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        match self.translate(&mut event, ctx) {
            Ok(()) => ctx.send(event),
            Err(error) => Err(error.giving_back(event)),
        }
    }
}
