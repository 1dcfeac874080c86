//! Answers in the format that a client asked for.

use compysition_core::{Error, ErrorKind, Json, Payload, Result};
use serde_json::Value;

pub(crate) fn to_xml(_payload: &Payload) -> Result<Payload> {
    Err(Error::new(ErrorKind::NotAcceptable, "not yet"))
}

pub(crate) fn to_json(_payload: &Payload) -> Result<Payload> {
    Err(Error::new(ErrorKind::NotAcceptable, "not yet"))
}

/// Puts JSON in `{"data": …}`, unless it is that already.
pub(crate) fn envelope(payload: Payload) -> Result<Payload> {
    let Payload::Json(json) = &payload else {
        return Ok(payload);
    };
    let is_enveloped = |value: &Value| {
        value.as_object().is_some_and(|fields| fields.len() == 1 && fields.contains_key("data"))
    };
    if is_enveloped(json.value()?) {
        return Ok(payload);
    }
    Ok(Json::from_text(format!("{{\"data\":{}}}", json.text()?)).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn envelopes_once() {
        let made = envelope(json!([1]).into()).unwrap();
        assert_eq!(made.text().unwrap(), r#"{"data":[1]}"#);
        assert_eq!(envelope(made).unwrap().text().unwrap(), r#"{"data":[1]}"#);
        let two = envelope(json!({"data": 1, "more": 2}).into()).unwrap();
        assert!(two.text().unwrap().starts_with(r#"{"data":{"data""#));
    }
}
