//! Payloads as JSON.

use compysition_core::{Error, Json, Payload, Result};

/// Work on a payload larger than this goes to a thread of its own, so that it does not hold up other actors.
pub(crate) const LARGE: usize = 128 << 10;

/// Returns a payload as JSON that keeps its tree for the next actor.
///
/// # Errors
/// Malformed, if it is no text or XML; whether the text is JSON is found when the tree is asked for.
pub(crate) fn json_of(payload: &Payload) -> Result<Json> {
    match payload {
        Payload::Json(json) => Ok(json.clone()),
        Payload::Empty => Ok(Json::from_value(serde_json::Value::Null)),
        Payload::Xml(_) => Err(Error::malformed(
            "the payload is XML where JSON is needed; convert it first, with xml_to_json",
        )),
        other => other.text().map(Json::from_text),
    }
}
