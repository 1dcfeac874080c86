//! What goes along with a request between two flows, in a frame of its own.

use bytes::Bytes;
use compysition_core::Event;
use serde_json::{Value, json};

use crate::socket::Frames;

/// What the frame begins with; then comes an object of JSON.
const MARK: &[u8] = b"compysition/event ";

/// Writes what tells a worker of ours which event it is.
pub(super) fn write(event: &Event) -> Bytes {
    let mut ids = json!({ "metaid": event.meta_id() });
    if let Some(traceparent) = event.traceparent() {
        ids["traceparent"] = traceparent.into();
    }
    Bytes::from([MARK, ids.to_string().as_bytes()].concat())
}

/// Takes the frame off a body that begins with one, and lets the event have what it says.
pub(super) fn take(body: &mut Frames, event: &mut Event) {
    let Some(said) = body.first().and_then(|frame| frame.strip_prefix(MARK)) else {
        return;
    };
    // Whoever writes such a frame is no flow, if it cannot be read: then it is part of the body.
    let Ok(Value::Object(ids)) = serde_json::from_slice(said) else {
        return;
    };
    if let Some(meta_id) = ids.get("metaid").and_then(Value::as_str) {
        event.set_meta_id(meta_id);
    }
    if let Some(traceparent) = ids.get("traceparent").and_then(Value::as_str) {
        event.set_traceparent(traceparent);
    }
    body.remove(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_taken_off() {
        let mut event = Event::new("x");
        event.set_meta_id("order 7");
        let mut body = vec![write(&event), Bytes::from("x")];
        let mut other = Event::new("x");
        take(&mut body, &mut other);
        assert_eq!(
            (body, &*other.meta_id()),
            (vec![Bytes::from("x")], "order 7")
        );
        for frame in ["compysition/event [", "x", ""] {
            let mut body = vec![Bytes::from(frame)];
            take(&mut body, &mut other);
            assert_eq!(body, [frame]);
        }
    }
}
