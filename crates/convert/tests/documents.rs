//! The same answers as xmltodict's, document by document; `tests/documents/make.py` wrote them down.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use compysition_convert::{ToXml, xml_text, xml_to_json};
use serde_json::Value;

fn table() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/documents/table.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Puts what a document is to be filled with for the sign in the table.
fn filled(text: &str, row: &Value) -> String {
    match row["fill"].as_array() {
        Some(fill) => {
            let times = usize::try_from(fill[1].as_u64().unwrap()).unwrap();
            text.replace('%', &fill[0].as_str().unwrap().repeat(times))
        }
        None => text.to_owned(),
    }
}

fn bytes(row: &Value) -> Vec<u8> {
    match row["text"].as_str() {
        Some(text) => filled(text, row).into_bytes(),
        None => BASE64_STANDARD
            .decode(row["base64"].as_str().unwrap())
            .unwrap(),
    }
}

#[test]
fn documents_become_what_xmltodict_makes_of_them() {
    let table = table();
    let rows = table["documents"].as_array().unwrap();
    assert!(rows.len() >= 60);
    let mut wrong = Vec::new();
    for row in rows {
        let name = row["name"].as_str().unwrap();
        let bytes = bytes(row);
        let made = xml_text(&bytes).and_then(|text| xml_to_json(&text));
        let expected = &row["json"];
        let expected: Option<Value> = (!expected.is_null())
            .then(|| serde_json::from_str(&filled(&expected.to_string(), row)).unwrap());
        if made.as_ref().ok() != expected.as_ref() {
            wrong.push(format!(
                "{name}: {:.300} instead of {:.300}",
                format!("{made:?}"),
                format!("{expected:?}")
            ));
            continue;
        }
        // What was read once is read the same from what is written of it.
        if let Some(json) = expected {
            let to_xml = ToXml {
                escape: true,
                ..ToXml::default()
            };
            let written = to_xml.convert(&json).unwrap();
            let again = xml_text(written.as_bytes()).unwrap();
            assert!(matches!(again, Cow::Borrowed(_)));
            assert_eq!(xml_to_json(&again).unwrap(), json, "{name}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
