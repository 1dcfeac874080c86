//! `json_schema` between recorded ports.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use common::{Files, build, run};

use compysition_core::{Error, ErrorKind, Event, Payload, Xml};
use compysition_json::{Draft, JsonSchema, Schema};
use serde_json::{Value, json};

fn checked(schema: Value, payload: impl Into<Event>) -> Result<Event, Error> {
    run(
        build("json_schema", json!({"inline": schema})).unwrap(),
        payload,
    )
}

fn order() -> Value {
    json!({
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "lines": {"items": {"type": "string"}}},
    })
}

#[test]
fn what_is_right_goes_on() {
    let event = Event::new(json!({"id": 1})).with_attribute("kept", 1);
    let event = checked(order(), event).unwrap();
    assert_eq!(event.attribute("kept").as_deref(), Some(&json!(1)));
    for payload in [Payload::from("{\"id\": 1}"), b"{\"id\": 1}".to_vec().into()] {
        let event = checked(order(), payload).unwrap();
        assert_eq!(
            (event.payload().kind(), event.text().unwrap()),
            ("json", "{\"id\": 1}")
        );
    }
    let large = json!({"id": 1, "lines": vec!["a line"; 20_000]});
    assert!(checked(order(), large).is_ok());
    let actor = JsonSchema::new(Schema::new(&order()).unwrap());
    assert!(run(actor, json!({"id": 2})).is_ok());
}

#[test]
fn all_faults_are_told_with_their_paths() {
    let error = checked(order(), json!({"id": "x", "lines": ["a", 1, null]})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(
        error.message(),
        "at /id: \"x\" is not of type \"integer\" (and 2 more)"
    );
    let violations = json!([
        {"path": "/id", "message": "\"x\" is not of type \"integer\""},
        {"path": "/lines/1", "message": "1 is not of type \"string\""},
        {"path": "/lines/2", "message": "null is not of type \"string\""},
    ]);
    assert_eq!(error.detail("violations"), Some(&violations));
    let error = checked(order(), json!({})).unwrap_err();
    assert_eq!(
        error.message(),
        "at the value: \"id\" is a required property"
    );
    // A value as large as the payload does not come back in the message.
    let error = checked(order(), json!({"id": "x".repeat(10_000)})).unwrap_err();
    assert_eq!(error.message(), "at /id: value is not of type \"integer\"");
    let many = json!({"id": 1, "lines": vec![1; 1000]});
    let error = checked(order(), many).unwrap_err();
    assert_eq!(
        error
            .detail("violations")
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        64
    );
}

#[test]
fn what_is_no_json_is_malformed() {
    for (payload, message) in [
        (Payload::from("{"), "invalid JSON"),
        (vec![0xff].into(), "not UTF-8"),
        (Xml::from_text("<a/>").into(), "xml_to_json"),
        (Payload::Empty, "null is not of type"),
    ] {
        let error = checked(order(), payload).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn drafts_differ() {
    // `exclusiveMinimum` is a truth value in draft 4, and a number since draft 6.
    let schema =
        |draft: &str| json!({"draft": draft, "inline": {"minimum": 5, "exclusiveMinimum": true}});
    let actor = build("json_validator", schema("4")).unwrap();
    assert!(run(actor, json!(5)).is_err());
    for draft in ["6", "7", "2019-09", "2020-12"] {
        let error = build("json_schema", schema(draft)).map(drop).unwrap_err();
        assert!(error.contains("at /exclusiveMinimum"), "{draft}: {error}");
    }
    // What the schema says of itself holds.
    for (uri, draft) in [
        ("http://json-schema.org/draft-04/schema#", Draft::Draft4),
        ("http://json-schema.org/draft-06/schema#", Draft::Draft6),
        ("http://json-schema.org/draft-07/schema#", Draft::Draft7),
        (
            "https://json-schema.org/draft/2019-09/schema",
            Draft::Draft201909,
        ),
        (
            "https://json-schema.org/draft/2020-12/schema",
            Draft::Draft202012,
        ),
    ] {
        assert_eq!(
            Schema::new(&json!({"$schema": uri})).unwrap().draft(),
            Some(draft)
        );
        let actor = build(
            "json_schema",
            json!({"draft": "4", "inline": {"$schema": uri, "type": "array"}}),
        )
        .unwrap();
        assert!(run(actor, json!({})).is_err());
    }
    assert_eq!(
        Schema::new(&json!({})).unwrap().draft(),
        Some(Draft::Draft202012)
    );
    // `prefixItems` came with the last one.
    let tuple = json!({"prefixItems": [{"type": "string"}]});
    assert!(checked(tuple, json!([1])).is_err());
}

#[test]
fn formats_are_checked_unless_they_are_not_to_be() {
    let schema = json!({"format": "date-time"});
    for draft in ["4", "7", "2019-09", "2020-12"] {
        for (formats, right) in [(true, false), (false, true)] {
            let settings = json!({"inline": schema, "draft": draft, "formats": formats});
            let actor = build("json_schema", settings).unwrap();
            assert_eq!(run(actor, json!("yesterday")).is_ok(), right, "{draft}");
        }
    }
    assert!(checked(schema, json!("2026-01-31T12:00:00Z")).is_ok());
}

#[test]
fn schemas_of_several_files_are_read() {
    let files = Files::new(
        "schemas",
        &[
            (
                "order.json",
                r#"{"properties": {"item": {"$ref": "parts/item.json#/$defs/item"}}}"#,
            ),
            (
                "parts/item.json",
                r#"{"$defs": {"item": {"type": "string"}}}"#,
            ),
            ("parts/up.json", r#"{"$ref": "../order.json"}"#),
            ("far.json", r#"{"$ref": "http://127.0.0.1:1/x.json"}"#),
            ("missing.json", r#"{"$ref": "none.json"}"#),
            ("torn.json", "{\n\"type\":}"),
            ("bad.json", r#"{"properties": {"a": {"type": "nope"}}}"#),
            ("pattern.json", r#"{"pattern": "("}"#),
        ],
    );
    let actor = files
        .build("json_schema", json!({"schema": "order.json"}))
        .unwrap();
    assert!(run(actor, json!({"item": "x"})).is_ok());
    let actor = files
        .build("json_schema", json!({"schema": "order.json"}))
        .unwrap();
    assert!(run(actor, json!({"item": 1})).is_err());
    let up = json!({"schema": "parts/up.json", "allow": ["."]});
    assert!(files.build("json_schema", up).is_ok());
    for (file, expected) in [
        ("parts/up.json", "outside the allowed directories"),
        ("far.json", "only files are read"),
        ("missing.json", "none.json"),
        (
            "torn.json",
            "torn.json, line 2, column 8: the schema is no JSON",
        ),
        ("bad.json", "bad.json, at /properties/a/type: "),
        ("pattern.json", "pattern.json, at /pattern: "),
        ("nowhere.json", "nowhere.json` cannot be read"),
    ] {
        let error = files
            .build("json_schema", json!({"schema": file}))
            .map(drop)
            .unwrap_err();
        assert!(error.contains(expected), "{file}: {error}");
    }
}

#[test]
fn mistakes_in_a_schema_stop_the_start() {
    for (settings, expected) in [
        (json!({}), "give either `schema`"),
        (json!({"inline": {}, "schema": "x"}), "give either `schema`"),
        (
            json!({"inline": {"type": "nope"}}),
            "the schema, at /type: ",
        ),
        (json!({"inline": "{"}), "the schema is no JSON"),
        (json!({"inline": 1}), "the schema, at its top: "),
        (json!({"inline": {}, "draft": "5"}), "unknown variant `5`"),
        (json!({"inline": {}, "shema": "x"}), "unknown field `shema`"),
    ] {
        let error = build("json_schema", settings.clone())
            .map(drop)
            .unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
    assert!(build("json_schema", json!({"inline": "{\"type\": \"string\"}"})).is_ok());
}
