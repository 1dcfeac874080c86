//! A failed event as it is stored and sent again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use compysition_core::{Error, Event, Id, Json, Payload, Result, Xml};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Holds all that is needed to send an event once more: what it carried, what it was known by, and what
/// went wrong. It is one line of JSON in a file of dead letters.
///
/// ```
/// use compysition_actors::Letter;
/// use compysition_core::Event;
///
/// let event = Event::new("three apples").with_attribute("customer", 7);
/// let line = Letter::of("orders", &event)?.to_line()?;
/// let again = Letter::from_line(&line)?.into_event()?;
/// assert_eq!(again.text()?, "three apples");
/// # Ok::<(), compysition_core::Error>(())
/// ```
#[derive(Debug, Deserialize, Serialize)]
pub struct Letter {
    /// The flow that the event was in.
    pub flow: String,
    /// The event's id, which it has again when it is sent again.
    pub id: String,
    /// The id of the root that it descended from.
    #[serde(default)]
    pub root_id: Option<String>,
    /// The id that logs and traces show.
    pub meta_id: String,
    /// The service that the event was for.
    #[serde(default)]
    pub service: Option<String>,
    /// The W3C trace context.
    #[serde(default)]
    pub traceparent: Option<String>,
    /// The attributes.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// What it carried.
    pub payload: Content,
    /// What went wrong: kind, message, actor, inbox, attempts and times, as [`Failure::to_value`] has it.
    ///
    /// [`Failure::to_value`]: compysition_core::Failure::to_value
    #[serde(default)]
    pub error: Option<Value>,
}

/// A payload as it is stored: its kind, and one of the others unless it is empty.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Content {
    kind: String,
    /// Text, XML, and JSON that does not stand in one line or is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// JSON to the letter: what computed a signature over it must be able to do so again.
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Letter {
    /// Makes the letter of an event.
    ///
    /// # Errors
    /// Malformed, if the payload is a tree that cannot be written out.
    pub fn of(flow: &str, event: &Event) -> Result<Letter> {
        let attributes = match event.attributes().to_value() {
            Value::Object(attributes) => attributes,
            _ => Map::new(),
        };
        Ok(Letter {
            flow: flow.to_owned(),
            id: event.id().to_string(),
            root_id: event.root_id().map(|id| id.to_string()),
            meta_id: event.meta_id().into_owned(),
            service: Some(event.service().to_owned()),
            traceparent: event.traceparent().map(str::to_owned),
            attributes,
            payload: Content::of(event.payload())?,
            error: event.error().map(|failure| failure.to_value()),
        })
    }

    /// Returns the letter as JSON without a line feed.
    ///
    /// # Errors
    /// Internal, if it cannot be written as JSON.
    pub fn to_line(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// Reads a letter.
    ///
    /// # Errors
    /// Malformed, if it is none, with the column.
    pub fn from_line(line: &str) -> Result<Letter> {
        let letter: Letter = serde_json::from_str(line).map_err(|error| {
            let column = error.column();
            Error::malformed(format!("no dead letter: {error}")).with_detail("column", column)
        })?;
        letter.event_id()?;
        letter.payload.to_payload()?;
        Ok(letter)
    }

    fn event_id(&self) -> Result<Id> {
        let id = self.id.parse();
        id.map_err(|_| Error::malformed(format!("`{}` is no event's id", self.id)))
    }

    /// Returns the event, without its error, ready to enter a flow under its old id.
    ///
    /// # Errors
    /// Malformed, if the id or the payload is not what it claims to be.
    pub fn into_event(self) -> Result<Event> {
        let mut event = Event::new(self.payload.to_payload()?).with_id(self.event_id()?);
        event.set_meta_id(self.meta_id);
        if let Some(service) = self.service {
            event.set_service(service);
        }
        if let Some(traceparent) = self.traceparent {
            event.set_traceparent(traceparent);
        }
        for (name, value) in self.attributes {
            event.set_attribute(name, value);
        }
        Ok(event)
    }

    /// Returns a field of the error, if it is a text.
    pub fn error_text(&self, field: &str) -> Option<&str> {
        self.error.as_ref()?.get(field)?.as_str()
    }
}

impl Content {
    fn of(payload: &Payload) -> Result<Content> {
        let mut content = Content {
            kind: payload.kind().to_owned(),
            ..Content::default()
        };
        match payload {
            Payload::Empty => {}
            Payload::Bytes(bytes) => content.base64 = Some(BASE64.encode(bytes)),
            Payload::Json(json) => match in_one_line(json.text()?) {
                Some(json) => content.json = Some(json),
                None => content.text = Some(json.text()?.to_owned()),
            },
            Payload::Text(_) | Payload::Xml(_) => content.text = Some(payload.text()?.to_owned()),
        }
        Ok(content)
    }

    fn to_payload(&self) -> Result<Payload> {
        let Content {
            kind,
            text,
            json,
            base64,
        } = self;
        let text = text
            .as_deref()
            .or(json.as_ref().map(|json| json.get()))
            .unwrap_or_default();
        match &**kind {
            "empty" => Ok(Payload::Empty),
            "text" => Ok(text.into()),
            "json" => Ok(Json::from_text(text).into()),
            "xml" => Ok(Xml::from_text(text).into()),
            "bytes" => {
                let bytes = BASE64.decode(base64.as_deref().unwrap_or_default());
                let bytes = bytes.map_err(|error| {
                    Error::malformed(format!("the payload is no Base64: {error}"))
                })?;
                Ok(bytes.into())
            }
            other => Err(Error::malformed(format!(
                "`{other}` is no kind of payload; there are empty, text, bytes, json and xml"
            ))),
        }
    }
}

/// Returns JSON that can stand in a line as it is.
fn in_one_line(text: &str) -> Option<Box<RawValue>> {
    let is_one_line = !text.contains(['\n', '\r']);
    is_one_line
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(payload: impl Into<Payload>) -> Event {
        let event = Event::new(payload).with_id(Id::from_u128(7));
        let line = Letter::of("flow", &event).unwrap().to_line().unwrap();
        assert!(!line.contains('\n'));
        Letter::from_line(&line).unwrap().into_event().unwrap()
    }

    #[test]
    fn every_payload_comes_back_to_the_byte() {
        let texts = ["", "one", "two\nlines \u{2028} \"quoted\"\0", "ü€😀"];
        for text in texts {
            let event = again(text);
            assert_eq!(
                (event.payload().kind(), event.text().unwrap()),
                ("text", text)
            );
        }
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(again(bytes.clone()).bytes().unwrap(), bytes);
        assert_eq!(again(()).payload().kind(), "empty");
        let xml = again(Xml::from_text("<a>\n <b/>\n</a>"));
        assert_eq!(
            (xml.payload().kind(), xml.text().unwrap()),
            ("xml", "<a>\n <b/>\n</a>")
        );
        let json = [
            "{\"a\":1.00}",
            "{ \"b\" : [1, 2] }",
            "{\n}",
            "{broken",
            "123456789012345678901234567890",
        ];
        for text in json {
            let event = again(Json::from_text(text));
            assert_eq!(
                (event.payload().kind(), event.text().unwrap()),
                ("json", text)
            );
        }
    }

    #[test]
    fn what_it_was_known_by_comes_back() {
        let mut event = Event::new("x").with_id(Id::from_u128(9));
        event.set_meta_id("order-1");
        event.set_service("orders");
        event.set_attribute("list", serde_json::json!([1, { "a": null }]));
        let letter = Letter::of("flow", &event).unwrap();
        assert_eq!(letter.error_text("kind"), None);
        let again = letter.into_event().unwrap();
        assert_eq!(again.id(), event.id());
        assert_eq!((&*again.meta_id(), again.service()), ("order-1", "orders"));
        assert_eq!(again.attributes().to_value(), event.attributes().to_value());
    }

    #[test]
    fn what_is_no_letter_is_told_with_its_column() {
        let error = Letter::from_line("{\"flow\": 1}").unwrap_err();
        assert!(error.message().starts_with("no dead letter: "), "{error}");
        assert_eq!(error.detail("column").unwrap(), 10);
        let line = r#"{"flow":"f","id":"x","meta_id":"m","payload":{"kind":"text","text":"t"}}"#;
        let error = Letter::from_line(line).unwrap_err();
        assert_eq!(error.message(), "`x` is no event's id");
    }
}
