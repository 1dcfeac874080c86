//! XML taken apart.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use common::{build, run};
use compysition_core::testing::Harness;
use compysition_core::{ErrorKind, Event, Outcome, Payload, Surroundings, Xml};
use compysition_xml::{Document, Tree, XmlSplit};
use serde_json::json;

fn split(select: &str) -> XmlSplit {
    let namespaces = BTreeMap::from([("o".to_owned(), "urn:o".to_owned())]);
    XmlSplit::new(compysition_xml::XPath::new(select, &namespaces).unwrap())
}

fn roots(parts: &[Event]) -> Vec<String> {
    let root = |part: &Event| Document::parse(part.text().unwrap())?.root_text();
    parts.iter().map(|part| root(part).unwrap()).collect()
}

#[test]
fn each_element_becomes_a_child_with_the_attributes() {
    let text = "<?xml version='1.0' encoding='latin1'?><a><b n='1'>é</b><c><b n='2'/></c>t<b/></a>";
    for payload in [
        Payload::from(text),
        Xml::from_text(text).into(),
        Payload::from(text.replace("latin1", "utf-8").into_bytes()),
    ] {
        let mut harness = Harness::new(split("//b"));
        let mut event = Event::new(payload).with_attribute("customer", 7);
        event.set_meta_id("order-1");
        harness.send(event);
        let parts = harness.take();
        assert_eq!(roots(&parts), ["<b n=\"1\">é</b>", "<b n=\"2\"/>", "<b/>"]);
        let index = json!({ "index": 1, "count": 3 });
        assert_eq!(parts[1].lookup("attributes.split").unwrap(), index);
        assert_eq!(parts[1].lookup("attributes.customer").unwrap(), json!(7));
        assert_eq!(parts[1].meta_id(), "order-1");
        assert_ne!(parts[0].id(), parts[1].id());
        let Payload::Xml(xml) = parts[0].payload() else {
            panic!("{parts:?}")
        };
        assert!(xml.has_tree::<Tree>());
    }
}

#[test]
fn parts_keep_the_namespaces_that_are_declared_around_them() {
    let text =
        "<l xmlns='urn:o' xmlns:t='urn:t'><i type='t:x'/><k xmlns='' xmlns:u='urn:u'><i/></k></l>";
    let mut harness = Harness::new(split("//o:i"));
    harness.send(text);
    let parts = harness.take();
    assert_eq!(parts.len(), 1);
    let document = Document::parse(parts[0].text().unwrap()).unwrap();
    assert_eq!(document.default_namespace().as_deref(), Some("urn:o"));
    assert!(parts[0].text().unwrap().contains("xmlns:t=\"urn:t\""));
    // Without a prefix the document's default namespace is meant.
    harness = Harness::new(split("/l/i"));
    harness.send(text);
    assert_eq!(harness.take().len(), 1);
    // An element without a namespace gets none.
    harness = Harness::new(split("//*[namespace-uri() = '']/*"));
    harness.send(text);
    let part = harness.take().remove(0);
    let document = Document::parse(part.text().unwrap()).unwrap();
    assert_eq!(document.default_namespace(), None);
}

#[test]
fn the_prefixes_of_the_settings_are_those_of_the_flow() {
    let namespaces = BTreeMap::from([("s".to_owned(), "urn:o".to_owned())]);
    let surroundings = Surroundings {
        namespaces: namespaces.into(),
        ..Surroundings::default()
    };
    let actor = surroundings.enter(|| build("xml_split", json!({ "select": "/s:a/s:b" })));
    let mut harness = Harness::new(actor.unwrap());
    harness.send("<x:a xmlns:x='urn:o'><x:b/><b/></x:a>");
    assert_eq!(harness.take().len(), 1);
}

#[test]
fn nothing_found_is_an_end_and_what_is_no_element_an_error() {
    let mut harness = Harness::new(split("//b"));
    assert!(matches!(harness.send("<a/>"), Some(Outcome::Delivered)));
    assert_eq!(harness.take().len(), 0);
    let mut harness = Harness::of(split("//b")).outboxes(["out", "empty"]).start();
    harness.send("<a><b/></a>");
    harness.send("<none/>");
    assert_eq!(harness.take_from("empty")[0].text().unwrap(), "<none/>");
    assert_eq!(harness.take_from("out").len(), 1);
    for (select, payload, kind, message) in [
        ("//b", "<a>", ErrorKind::Malformed, "line 1"),
        ("//b", "", ErrorKind::Malformed, "empty"),
        (
            "//@x",
            "<a x='1'/>",
            ErrorKind::Unprocessable,
            "`//@x` leads to what is no element",
        ),
        (
            "//namespace::*",
            "<a/>",
            ErrorKind::Unprocessable,
            "what is no element",
        ),
        ("/", "<a/>", ErrorKind::Unprocessable, "what is no element"),
        (
            "count(//a)",
            "<a/>",
            ErrorKind::Unprocessable,
            "leads to a value, and not to elements",
        ),
    ] {
        let error = run(split(select), payload).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(message), "{error}");
    }
    for payload in [Payload::Empty, json!([1]).into()] {
        let error = run(split("//b"), payload).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
    for (settings, message) in [
        (json!({}), "missing field `select`"),
        (json!({ "select": "//b[" }), "//b["),
        (
            json!({ "select": "//b", "list": "x" }),
            "unknown field `list`",
        ),
    ] {
        let error = build("xml_split", settings).map(drop).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_large_document_is_split_as_room_allows() {
    let mut text = String::from("<orders>");
    for number in 0..20_000 {
        write!(text, "<order n='{number}'><item>book</item></order>").unwrap();
    }
    text.push_str("</orders>");
    let mut harness = Harness::new(split("/orders/order"));
    harness.send(Xml::from_text(text));
    let parts = harness.take();
    assert_eq!(parts.len(), 20_000);
    for (number, part) in parts.iter().enumerate() {
        // Each is charged for itself, not for the document that it comes from.
        assert!(part.payload().size() < 1_000);
        let index = json!({ "index": number, "count": 20_000 });
        assert_eq!(part.lookup("attributes.split").unwrap(), index);
    }
    let first = "<order n=\"0\"><item>book</item></order>";
    assert_eq!(roots(&parts[..1]), [first]);
}

#[test]
fn a_document_that_declares_namespaces_without_end_is_refused() {
    let mut text = String::from("<a");
    for number in 0..20_000 {
        write!(text, " xmlns:n{number}='urn:{number}'").unwrap();
    }
    text.push('>');
    text.push_str(&"<b/>".repeat(20_000));
    text.push_str("</a>");
    let error = run(split("//b"), text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.message().contains("20000 namespaces"), "{error}");
}
