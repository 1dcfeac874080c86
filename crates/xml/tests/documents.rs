//! The same answers as lxml's, document by document; `tests/documents/make.py` wrote them down.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use compysition_xml::{Document, Schema, Value, XPath, XmlError};
use serde_json::Value as Json;

fn table() -> Json {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/documents/table.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Puts what a document is to be filled with for the sign in the table.
fn filled(text: &str, row: &Json) -> String {
    match row["fill"].as_array() {
        Some(fill) => {
            let times = usize::try_from(fill[1].as_u64().unwrap()).unwrap();
            text.replace('%', &fill[0].as_str().unwrap().repeat(times))
        }
        None => text.to_owned(),
    }
}

fn document(row: &Json) -> Result<Document, XmlError> {
    match row["text"].as_str() {
        Some(text) => Document::parse(&filled(text, row)),
        None => Document::from_bytes(
            &BASE64_STANDARD
                .decode(row["base64"].as_str().unwrap())
                .unwrap(),
        ),
    }
}

/// Whether a value is what lxml found; of elements with elements it noted only that they were there.
fn agrees(found: &Value, expected: &Json, row: &Json) -> bool {
    let text = |expected: &Json| filled(expected.as_str().unwrap_or_default(), row);
    match found {
        Value::Boolean(found) => expected == found,
        Value::Number(found) if found.is_finite() => expected.as_f64() == Some(*found),
        Value::Number(_) => expected.is_null(),
        Value::Text(found) => text(expected) == *found,
        Value::Nodes(found) => {
            let expected = expected.as_array().unwrap();
            let pairs = found.iter().zip(expected);
            found.len() == expected.len()
                && pairs
                    .into_iter()
                    .all(|(found, expected)| expected.is_null() || text(expected) == *found)
        }
    }
}

#[test]
fn expressions_find_what_lxml_finds() {
    let table = table();
    let namespaces: BTreeMap<String, String> =
        serde_json::from_value(table["namespaces"].clone()).unwrap();
    let paths = table["paths"].as_array().unwrap().iter();
    let paths: Vec<XPath> = paths
        .map(|path| XPath::new(path.as_str().unwrap(), &namespaces).unwrap())
        .collect();
    let rows = table["documents"].as_array().unwrap();
    assert!(rows.len() >= 60);
    let mut wrong = Vec::new();
    for row in rows {
        let name = row["name"].as_str().unwrap();
        let document = document(row);
        let Some(expected) = row["paths"].as_array() else {
            // To lxml a prefix must be declared; to libxml2's own tools, and to the stylesheets of their users, it
            // is part of a name then.
            if document.is_ok() && name != "prefix not declared" {
                wrong.push(format!("{name} is taken for well-formed"));
            }
            continue;
        };
        let document = document.unwrap_or_else(|error| panic!("{name}: {error}"));
        for (path, expected) in paths.iter().zip(expected) {
            let found = path.evaluate(&document).unwrap();
            if !agrees(&found, expected, row) {
                let found = format!("{found:?}");
                wrong.push(format!(
                    "{name}: {} gives {found:.200}, not {expected:.200}",
                    path.expression()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn schemas_find_what_lxml_finds() {
    let table = table();
    let schemas = table["schemas"].as_object().unwrap().iter();
    let schemas: BTreeMap<&str, Schema> = schemas
        .map(|(name, text)| {
            let schema = Schema::from_text(text.as_str().unwrap());
            (
                &**name,
                schema.unwrap_or_else(|error| panic!("{name}: {error}")),
            )
        })
        .collect();
    let rows = table["validated"].as_array().unwrap();
    assert!(rows.len() >= 60);
    let mut wrong = Vec::new();
    for row in rows {
        let (name, schema) = (&row["name"], row["schema"].as_str().unwrap());
        let document = document(row).unwrap_or_else(|error| panic!("{name}: {error}"));
        let faults = schemas[schema].validate(&document, None).unwrap();
        let faults: Vec<Json> = faults
            .into_iter()
            .map(|fault| serde_json::json!([fault.line(), fault.message()]))
            .collect();
        let expected = row["messages"].as_array().unwrap();
        if faults != *expected {
            wrong.push(format!("{schema}, {name}: {faults:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
