//! Events as JSON, for programs that want more than the payload.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use compysition_core::{Error, ErrorKind, Event, Payload, Result};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// An event as a program gets it.
#[derive(Serialize)]
struct Told {
    id: String,
    meta_id: String,
    service: String,
    attributes: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
}

/// What a program answers: what is to change, or an error.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Answer {
    id: Option<String>,
    meta_id: Option<String>,
    service: Option<String>,
    attributes: Map<String, Value>,
    #[serde(deserialize_with = "there")]
    payload: Option<Value>,
    payload_base64: Option<String>,
    error: Option<Said>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Message(String),
    Error {
        #[serde(default = "internal")]
        kind: ErrorKind,
        message: String,
    },
}

fn internal() -> ErrorKind {
    ErrorKind::Internal
}

/// Reads a value that is there, be it null.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Writes an event in one line.
///
/// # Errors
/// Malformed, if the payload is JSON that is none.
pub(crate) fn write(event: &Event) -> Result<Vec<u8>> {
    let payload = match event.payload() {
        Payload::Empty => Some(Value::Null),
        Payload::Json(json) => Some(json.value()?.clone()),
        payload => payload.text().ok().map(Value::from),
    };
    let payload_base64 = match payload {
        Some(_) => None,
        None => Some(BASE64.encode(event.bytes()?)),
    };
    Ok(serde_json::to_vec(&Told {
        id: event.id().to_string(),
        meta_id: event.meta_id().into_owned(),
        service: event.service().to_owned(),
        attributes: event.attributes().to_value(),
        payload,
        payload_base64,
    })?)
}

/// Says why an answer does not lead to an event.
#[derive(Debug)]
pub(crate) enum NoEvent {
    /// The program says so.
    Said(Error),
    /// It is no answer, or that to another event.
    Garbled(String),
}

/// Changes an event as an answer says.
pub(crate) fn apply(mut event: Event, bytes: &[u8]) -> Result<Event, NoEvent> {
    let answer: Answer =
        serde_json::from_slice(bytes).map_err(|error| NoEvent::Garbled(error.to_string()))?;
    let garbled = |wrong: &str| Err(NoEvent::Garbled(wrong.to_owned()));
    if answer.id.is_some_and(|id| id != event.id().to_string()) {
        return garbled("it has the `id` of another event");
    }
    match answer.error {
        None => {}
        Some(Said::Message(message)) => return Err(NoEvent::Said(Error::internal(message))),
        Some(Said::Error { kind, message }) => {
            return Err(NoEvent::Said(Error::new(kind, message)));
        }
    }
    let payload = match (answer.payload, answer.payload_base64) {
        (None, None) => None,
        (Some(_), Some(_)) => return garbled("it has both `payload` and `payload_base64`"),
        (Some(Value::Null), None) => Some(Payload::Empty),
        (Some(Value::String(text)), None) => Some(text.into()),
        (Some(value), None) => Some(value.into()),
        (None, Some(text)) => match BASE64.decode(text) {
            Ok(bytes) => Some(bytes.into()),
            Err(error) => return garbled(&format!("`payload_base64` is no Base64: {error}")),
        },
    };
    if let Some(meta_id) = answer.meta_id {
        event.set_meta_id(meta_id);
    }
    if let Some(service) = answer.service {
        event.set_service(service);
    }
    for (name, value) in answer.attributes {
        // What comes back as it was keeps its form.
        let is_same = event.attribute(&name).is_some_and(|it| *it == value);
        match value {
            _ if is_same => {}
            Value::Null => event.remove_attribute(&name),
            value => event.set_attribute(name, value),
        }
    }
    // What comes back as it was keeps its form here as well: a tree that was parsed, XML that is not just text.
    match payload {
        Some(payload) if !is_same(&payload, event.payload()) => Ok(event.with(payload)),
        _ => Ok(event),
    }
}

fn is_same(new: &Payload, old: &Payload) -> bool {
    match (new, old) {
        (Payload::Json(new), Payload::Json(old)) => {
            matches!((new.value(), old.value()), (Ok(new), Ok(old)) if new == old)
        }
        (Payload::Json(_), _) | (_, Payload::Json(_)) => false,
        (new, old) => matches!((new.bytes(), old.bytes()), (Ok(new), Ok(old)) if new == old),
    }
}

#[cfg(test)]
mod tests {
    use compysition_core::Xml;
    use serde_json::json;

    use super::*;

    fn applied(event: Event, answer: Value) -> Event {
        apply(event, answer.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn an_event_is_one_line_of_json() {
        let event = Event::new("two\nlines").with_attribute("color", "red");
        let bytes = write(&event).unwrap();
        assert!(!bytes.contains(&b'\n'));
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["payload"], "two\nlines");
        assert_eq!(value["attributes"], json!({ "color": "red" }));
        assert_eq!(value["service"], "default");
        let bytes = write(&Event::new(vec![0xff_u8])).unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["payload_base64"], "/w==");
        assert!(value.get("payload").is_none());
    }

    #[test]
    fn what_comes_back_as_it_was_is_as_it_was() {
        for payload in [
            Payload::Empty,
            "text".into(),
            vec![0xff_u8].into(),
            json!({"a": [1, "x"]}).into(),
            Xml::from_text("<a/>").into(),
        ] {
            let event = Event::new(payload).with_attribute("a", json!({ "b": 1 }));
            let told = serde_json::from_slice(&write(&event).unwrap()).unwrap();
            let again = applied(event.clone(), told);
            assert_eq!(again.payload().kind(), event.payload().kind());
            assert_eq!(again.bytes().unwrap(), event.bytes().unwrap());
            assert_eq!(again.attributes().to_value(), event.attributes().to_value());
        }
    }

    #[test]
    fn an_answer_says_what_changes() {
        let event = Event::new("old")
            .with_attribute("gone", 1)
            .with_attribute("kept", 2);
        let answer = json!({
            "payload": { "new": true }, "attributes": { "gone": null, "made": [3] },
            "service": "other", "meta_id": "m",
        });
        let changed = applied(event.clone(), answer);
        assert_eq!(changed.text().unwrap(), r#"{"new":true}"#);
        assert_eq!(
            changed.attributes().to_value(),
            json!({ "kept": 2, "made": [3] })
        );
        assert_eq!((changed.service(), &*changed.meta_id()), ("other", "m"));
        assert_eq!(applied(event.clone(), json!({})).text().unwrap(), "old");
        let emptied = applied(event, json!({ "payload": null }));
        assert_eq!(emptied.payload().kind(), "empty");
    }

    #[test]
    fn an_answer_may_be_an_error_or_none() {
        let said = |answer: Value| match apply(Event::new("x"), answer.to_string().as_bytes()) {
            Err(NoEvent::Said(error)) => (error.kind(), error.message().to_owned()),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            said(json!({ "error": "bad" })),
            (ErrorKind::Internal, "bad".into())
        );
        let error = json!({ "error": { "kind": "not_found", "message": "gone" } });
        assert_eq!(said(error), (ErrorKind::NotFound, "gone".into()));
        for wrong in [
            json!("text"),
            json!({ "id": "another" }),
            json!({ "paylod": 1 }),
            json!({ "payload_base64": "?" }),
            json!({ "payload": 1, "payload_base64": "" }),
            json!({ "error": { "kind": "odd", "message": "x" } }),
        ] {
            let answer = apply(Event::new("x"), wrong.to_string().as_bytes());
            assert!(matches!(answer, Err(NoEvent::Garbled(_))), "{wrong}");
        }
    }
}
