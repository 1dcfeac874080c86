//! XML to JSON and back, in a flow.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use common::{build, refused, sent};
use compysition_actors::{JsonToXml, XmlToJson};
use compysition_core::{ErrorKind, Event, Json, Payload, Xml};
use serde_json::{Value, json};

#[test]
fn xml_becomes_json_whatever_carries_it() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a b='1'>caf\xe9</a>";
    for payload in [
        Payload::from(Xml::from_text("<a b='1'>café</a>")),
        "<a b='1'>café</a>".into(),
        latin.to_vec().into(),
    ] {
        let event = Event::new(payload).with_attribute("kept", 1);
        let event = sent(XmlToJson::new(), event);
        assert_eq!(event.payload().kind(), "json");
        assert_eq!(
            *event.json().unwrap(),
            json!({"a": {"@b": "1", "#text": "café"}})
        );
        assert_eq!(event.attribute("kept").as_deref(), Some(&json!(1)));
    }
    assert_eq!(*sent(XmlToJson::new(), ()).json().unwrap(), json!({}));
}

#[test]
fn json_becomes_xml() {
    for (payload, xml) in [
        (
            json!({"a": {"@b": 1, "c": [true, null]}}).into(),
            "<a b=\"1\"><c>true</c><c/></a>",
        ),
        (Payload::from("{\"a\": 1}"), "<a>1</a>"),
        (
            Json::from_text("[1]").into(),
            "<jsonified_envelope><jsonified_envelope>1</jsonified_envelope></jsonified_envelope>",
        ),
        (Payload::Empty, "<root/>"),
    ] {
        let event = sent(JsonToXml::new(), payload);
        assert_eq!(event.payload().kind(), "xml");
        assert!(
            event.text().unwrap().ends_with(&format!("?>\n{xml}")),
            "{xml}"
        );
    }
}

#[test]
fn settings_do_what_they_say() {
    let actor = build("xml_to_dict", json!({"flatten": true, "lists": ["b"]}));
    assert_eq!(
        *sent(actor, "<a><b>1</b></a>").json().unwrap(),
        json!({"b": ["1"]})
    );
    let actor = XmlToJson::new().flatten().lists(["b"]);
    assert_eq!(
        *sent(actor, "<a><b>1</b></a>").json().unwrap(),
        json!({"b": ["1"]})
    );
    let actor = build("xml_to_json", json!({"key": "a"}));
    assert_eq!(
        *sent(actor, "<a><b>1</b></a>").json().unwrap(),
        json!({"b": "1"})
    );

    let text = json!({"x": "<b/>", "y": 1});
    let actor = build("dict_to_xml", json!({"key": "orders", "escape": true}));
    let made = sent(actor, text.clone());
    assert!(
        made.text()
            .unwrap()
            .ends_with("<orders><x>&lt;b/&gt;</x><y>1</y></orders>")
    );
    let made = sent(JsonToXml::new().key("orders"), text);
    assert!(
        made.text()
            .unwrap()
            .ends_with("<orders><x><b/></x><y>1</y></orders>")
    );
}

#[test]
fn an_envelope_comes_off_again() {
    for value in [
        json!([{"a": null}, "x"]),
        json!({"a": "1", "b": "2"}),
        json!({"a": ["1", "2"]}),
    ] {
        let xml = sent(JsonToXml::new(), value.clone());
        assert_eq!(
            *sent(XmlToJson::new(), xml.payload().clone())
                .json()
                .unwrap(),
            value
        );
    }
}

#[test]
fn a_large_document_is_converted_too() {
    let value: Value = (0..20_000).map(|n| json!({"n": n.to_string()})).collect();
    let value = json!({"list": {"item": value}});
    let xml = sent(JsonToXml::new(), value.clone());
    assert_eq!(
        *sent(XmlToJson::new(), xml.payload().clone())
            .json()
            .unwrap(),
        value
    );
}

#[test]
fn what_cannot_be_converted_is_an_error_with_its_place() {
    let error = refused(XmlToJson::new(), "<a>\n<b></a>");
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(error.detail("line"), Some(&json!(2)));
    let error = refused(JsonToXml::new(), "{\n\"a\":}");
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(error.detail("line"), Some(&json!(2)));
    let error = refused(JsonToXml::new(), json!({"a": {"b c": 1}}));
    assert_eq!(error.kind(), ErrorKind::Unprocessable);
    assert_eq!(error.detail("path"), Some(&json!("/a")));
    for error in [
        refused(XmlToJson::new(), json!({"a": 1})),
        refused(JsonToXml::new(), Xml::from_text("<a/>")),
    ] {
        assert!(error.message().contains("already"), "{error}");
    }
}
