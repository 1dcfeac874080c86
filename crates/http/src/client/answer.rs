//! What a back-end answered.

use std::sync::Arc;

use compysition_core::{Event, Payload};
use http::header;

use crate::back_end::{BackEndResponse, RESPONSE};
use crate::media::{Format, essence};

const CONTENT_TYPE: &str = "content_type";

/// What a back-end answered.
pub(crate) struct Answer {
    pub(crate) head: BackEndResponse,
    pub(crate) payload: Payload,
}

impl Answer {
    /// Puts the answer into the event that it is for.
    pub(crate) fn put_into(self, mut event: Event) -> Event {
        let media_type = self.head.headers.get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        match media_type.and_then(|media_type| special(media_type, &self.payload)) {
            Some(media_type) => event.set_attribute(CONTENT_TYPE, media_type),
            // It told of the payload that was sent.
            None if event.attribute(CONTENT_TYPE).is_some() => event.remove_attribute(CONTENT_TYPE),
            None => {}
        }
        event.set_extension(RESPONSE, Arc::new(self.head));
        event.with(self.payload)
    }
}

/// Returns the media type of an answer, if the kind of the payload does not tell it.
fn special(media_type: &str, payload: &Payload) -> Option<String> {
    let plain = Format::of_payload(payload).media_type();
    match payload {
        Payload::Empty => None,
        // They are as they came, in whatever character set.
        Payload::Bytes(_) => Some(media_type.to_owned()),
        _ if essence(media_type).eq_ignore_ascii_case(essence(plain)) => None,
        Payload::Text(_) => Some(format!("{}; charset=utf-8", essence(media_type))),
        _ => Some(essence(media_type).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compysition_core::{Json, Xml};

    #[test]
    fn only_a_special_media_type_is_kept() {
        let kept = |media_type, payload: Payload| special(media_type, &payload);
        assert_eq!(
            kept(
                "application/json; charset=utf-8",
                Json::from_text("1").into()
            ),
            None
        );
        let problem = kept("application/problem+json", Json::from_text("1").into());
        assert_eq!(problem.as_deref(), Some("application/problem+json"));
        let soap = kept(
            "application/soap+xml; charset=ISO-8859-1",
            Xml::from_text("<a/>").into(),
        );
        assert_eq!(soap.as_deref(), Some("application/soap+xml"));
        assert_eq!(kept("text/plain; charset=ISO-8859-1", "x".into()), None);
        let csv = kept("text/csv; charset=ISO-8859-1", "x".into());
        assert_eq!(csv.as_deref(), Some("text/csv; charset=utf-8"));
        assert_eq!(
            kept("image/png", vec![1].into()).as_deref(),
            Some("image/png")
        );
        assert_eq!(kept("image/png", Payload::Empty), None);
    }
}
