//! Answers in the format that a client asked for.

use compysition_convert::{json_to_xml, xml_to_json};
use compysition_core::{Error, ErrorKind, Json, Payload, Result, Xml};
use serde_json::Value;

/// Makes XML of JSON.
///
/// # Errors
/// Not acceptable, if it cannot be: it is none of the client's errors.
pub(crate) fn to_xml(payload: &Payload) -> Result<Payload> {
    let made = payload.json().and_then(|value| json_to_xml(&value));
    made.map(|text| Xml::from_text(text).into())
        .map_err(|error| impossible("XML", error))
}

/// Makes JSON of XML.
///
/// # Errors
/// Not acceptable, if it cannot be: it is none of the client's errors.
pub(crate) fn to_json(payload: &Payload) -> Result<Payload> {
    let made = payload.text().and_then(xml_to_json);
    made.map(Payload::from)
        .map_err(|error| impossible("JSON", error))
}

fn impossible(format: &str, error: Error) -> Error {
    let message = format!("the answer cannot be made {format}: {error}");
    Error::new(ErrorKind::NotAcceptable, message)
}

/// Puts JSON in `{"data": …}`, unless it is that already.
pub(crate) fn envelope(payload: Payload) -> Result<Payload> {
    let Payload::Json(json) = &payload else {
        return Ok(payload);
    };
    let is_enveloped = |value: &Value| {
        value
            .as_object()
            .is_some_and(|fields| fields.len() == 1 && fields.contains_key("data"))
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
    fn makes_one_of_the_other() {
        let xml = to_xml(&json!({"a": {"b": "1"}}).into()).unwrap();
        assert!(xml.text().unwrap().ends_with("<a><b>1</b></a>"));
        assert_eq!(
            *to_json(&xml).unwrap().json().unwrap(),
            json!({"a": {"b": "1"}})
        );
        let broken = to_json(&Xml::from_text("<a>").into()).unwrap_err();
        assert_eq!(broken.kind(), ErrorKind::NotAcceptable);
    }

    #[test]
    fn envelopes_once() {
        let made = envelope(json!([1]).into()).unwrap();
        assert_eq!(made.text().unwrap(), r#"{"data":[1]}"#);
        assert_eq!(envelope(made).unwrap().text().unwrap(), r#"{"data":[1]}"#);
        let two = envelope(json!({"data": 1, "more": 2}).into()).unwrap();
        assert!(two.text().unwrap().starts_with(r#"{"data":{"data""#));
    }
}
