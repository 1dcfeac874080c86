//! What holds for any input.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use compysition_convert::{ENVELOPE, json_to_xml, xml_to_json};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// A text that comes back: not empty, no space around it, no markup that would be embedded.
fn text() -> impl Strategy<Value = Value> {
    "[!-;=-~é日😀]([ -;=-~\r\n\té日😀&<\"']{0,12}[!-;=-~é日])?".prop_map(Value::String)
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z_é][A-Za-z0-9_.é-]{0,6}".prop_filter("the envelope's own name", |name| name != ENVELOPE)
}

/// A value as XML gives it: texts, nulls, objects, and lists of two or more under a name.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![text(), Just(Value::Null)];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let member = prop_oneof![
            3 => inner.clone(),
            1 => prop::collection::vec(inner, 2..4).prop_map(Value::Array),
        ];
        let members = prop::collection::vec((name(), member), 1..5);
        let attributes = prop::collection::vec((name(), text()), 0..3);
        (attributes, members).prop_map(|(attributes, members)| {
            let attributes = attributes
                .into_iter()
                .map(|(name, value)| (format!("@{name}"), value));
            Value::Object(attributes.chain(members).collect())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_xml_gives_comes_back(root in name(), value in value()) {
        let json = Value::Object(Map::from_iter([(root, value)]));
        let xml = json_to_xml(&json).unwrap();
        prop_assert_eq!(xml_to_json(&xml).unwrap(), json, "{}", xml);
    }

    #[test]
    fn what_needs_an_envelope_comes_back(items in prop::collection::vec(value(), 1..5)) {
        let json = Value::Array(items);
        let xml = json_to_xml(&json).unwrap();
        prop_assert_eq!(xml_to_json(&xml).unwrap(), json, "{}", xml);
    }

    #[test]
    fn no_xml_panics(text in "[<>/a-c'\"=&;#x0-9!\\[\\]\\-? \n\u{0}é]{0,60}") {
        let _ = xml_to_json(&text);
    }

    #[test]
    fn whatever_is_written_can_be_read(name in ".{0,8}", text in ".{0,20}") {
        let json = Value::Object(Map::from_iter([(name, Value::String(text))]));
        if let Ok(xml) = json_to_xml(&json) {
            prop_assert!(xml_to_json(&xml).is_ok(), "{}", xml);
        }
    }
}
