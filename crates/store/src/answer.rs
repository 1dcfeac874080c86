//! What a request was answered with, kept for who asks again.

use compysition_core::{Error, Event, Json, Payload, Result, Xml};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer: its payload, and what else a door looks at.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    payload: Payload,
    head: Head,
}

/// What stands before the payload in the store, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
struct Head {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_type: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers: Option<Value>,
}

const CONTENT_TYPE: &str = "content_type";
const STATUS: &str = "http.status";
const HEADERS: &str = "http.response_headers";

impl Answer {
    /// Notes what an event answers with.
    pub(crate) fn of(event: &Event) -> Answer {
        let content_type = event.attribute(CONTENT_TYPE);
        let is_some = |value: &Value| !value.is_null();
        Answer {
            payload: event.payload().clone(),
            head: Head {
                kind: event.payload().kind().to_owned(),
                content_type: content_type.map(|value| value.into_owned()),
                status: event.lookup(STATUS).filter(is_some),
                headers: event.lookup(HEADERS).filter(is_some),
            },
        }
    }

    /// Puts the answer into an event, which else stays as it is.
    pub(crate) fn put_into(&self, event: &mut Event) -> Result {
        event.set_payload(self.payload.clone());
        match &self.head.content_type {
            Some(content_type) => event.set_attribute(CONTENT_TYPE, content_type.clone()),
            None => event.remove_attribute(CONTENT_TYPE),
        }
        let values = [(STATUS, &self.head.status), (HEADERS, &self.head.headers)];
        for (path, value) in values {
            if let Some(value) = value {
                event.set_path(path, value.clone())?;
            }
        }
        Ok(())
    }

    /// Returns the bytes of memory that it takes, about.
    pub(crate) fn size(&self) -> usize {
        let head = [
            &self.head.content_type,
            &self.head.status,
            &self.head.headers,
        ];
        let head = head
            .into_iter()
            .flatten()
            .map(|value| value.to_string().len());
        self.payload.size() + head.sum::<usize>()
    }

    /// Returns the answer as bytes: the length of the head, the head, the payload.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let head = serde_json::to_vec(&self.head)?;
        let payload = self.payload.bytes()?;
        let mut bytes = Vec::with_capacity(4 + head.len() + payload.len());
        bytes.extend_from_slice(&u32::try_from(head.len())?.to_be_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(payload);
        Ok(bytes)
    }

    /// Reads what [`to_bytes`](Answer::to_bytes) wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Answer> {
        let broken = || Error::internal("the store has an answer that cannot be read");
        let (length, rest) = bytes.split_first_chunk().ok_or_else(broken)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (head, payload) = rest.split_at_checked(length).ok_or_else(broken)?;
        let head: Head = serde_json::from_slice(head).map_err(|_| broken())?;
        let text = || std::str::from_utf8(payload).map_err(|_| broken());
        let payload = match &*head.kind {
            "empty" => Payload::Empty,
            "text" => text()?.into(),
            "json" => Json::from_text(text()?).into(),
            "xml" => Xml::from_text(text()?).into(),
            "bytes" => payload.into(),
            _ => return Err(broken()),
        };
        Ok(Answer { payload, head })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_answer_comes_back() {
        for payload in [
            Payload::Empty,
            "text é".into(),
            Json::from_text("{ \"a\":1}").into(),
            json!({ "a": [1] }).into(),
            Xml::from_text("<a/>").into(),
            vec![0, 255].into(),
        ] {
            let http = json!({ "method": "POST", "status": 201, "response_headers": { "location": "/1" } });
            let event = Event::new(payload.clone())
                .with_attribute("http", http)
                .with_attribute("content_type", "text/x");
            let answer = Answer::from_bytes(&Answer::of(&event).to_bytes().unwrap()).unwrap();
            let mut repeat = Event::new("question")
                .with_attribute("http", json!({ "method": "PUT" }))
                .with_attribute("own", 1);
            answer.put_into(&mut repeat).unwrap();
            assert_eq!(repeat.payload().kind(), payload.kind());
            assert_eq!(repeat.bytes().unwrap(), payload.bytes().unwrap());
            for (path, value) in [
                ("http.status", json!(201)),
                ("http.method", json!("PUT")),
                ("http.response_headers.location", json!("/1")),
                ("attributes.content_type", json!("text/x")),
                ("attributes.own", json!(1)),
            ] {
                assert_eq!(repeat.lookup(path), Some(value), "{path}");
            }
        }
    }

    /// What a broken file brings is an error; the seed makes a failure come again.
    #[test]
    fn what_is_no_answer_is_refused() {
        let event = Event::new(json!({ "a": 1 })).with_attribute("content_type", "x");
        let whole = Answer::of(&event).to_bytes().unwrap();
        let mut random = 0x5eed_u64;
        let mut next = |below: usize| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) as usize % below.max(1)
        };
        let mut refused = 0;
        for _ in 0..100_000 {
            let mut bytes = whole.clone();
            bytes.truncate(next(whole.len() + 1));
            for _ in 0..next(4) {
                let at = next(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = next(256) as u8;
                }
            }
            refused += usize::from(Answer::from_bytes(&bytes).is_err());
        }
        assert!(refused > 50_000, "{refused}");
    }
}
