//! What is redacted, and what stays.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use common::{build, sent, try_build};
use compysition_actors::{Redact, Redaction};
use compysition_core::testing::Harness;
use compysition_core::{ErrorKind, Event, Json, Payload, Xml};
use serde_json::json;

#[test]
fn what_the_group_of_a_pattern_matches_is_replaced() {
    let settings = json!({"patterns": [r"password=(\S+)", r"(\d{4}) \d{4}"]});
    let event = sent(build("redact", settings), "password=x y 1111 2222");
    assert_eq!(event.text().unwrap(), "password=REDACTED y REDACTED 2222");
    let redaction = Redaction::default().pattern("pin (.)").unwrap();
    assert_eq!(
        sent(Redact::new(redaction), "pin 7").text().unwrap(),
        "pin REDACTED"
    );
}

#[test]
fn a_payload_keeps_its_kind() {
    let redact = || {
        build(
            "redact",
            json!({"patterns": [r#""pin": ?"([^"]*)"|<pin>(.*)</pin>|PIN(.)"#]}),
        )
    };
    for (payload, kind, text) in [
        (
            Payload::from(json!({"pin": "1"})),
            "json",
            r#"{"pin":"REDACTED"}"#.as_bytes(),
        ),
        (
            Xml::from_text("<a><pin>1</pin></a>").into(),
            "xml",
            b"<a><pin>REDACTED</pin></a>",
        ),
        (
            b"\xffPIN1\xfe".to_vec().into(),
            "bytes",
            b"\xffPINREDACTED\xfe",
        ),
        (Payload::Empty, "empty", b""),
        ("nothing".into(), "text", b"nothing"),
    ] {
        let event = sent(redact(), payload);
        assert_eq!(
            (event.payload().kind(), event.bytes().unwrap()),
            (kind, text)
        );
    }
    let greedy = build("redact", json!({"patterns": [r"secret=(.*)"]}));
    let event = sent(greedy, json!({"a": "secret=1"}));
    assert_eq!(
        (event.payload().kind(), event.text().unwrap()),
        ("text", r#"{"a":"secret=REDACTED"#)
    );
}

#[test]
fn what_stands_at_a_path_is_replaced() {
    let settings = json!({
        "paths": ["payload.card.number", "payload.none", "attributes.token", "http.headers.authorization"],
        "replacement": "***",
    });
    let event = Event::new(json!({"card": {"number": 1, "name": "x"}}))
        .with_attribute("token", "t")
        .with_attribute(
            "http",
            json!({"headers": {"authorization": "Basic x", "host": "h"}}),
        );
    let event = sent(build("redact", settings), event);
    assert_eq!(
        *event.json().unwrap(),
        json!({"card": {"number": "***", "name": "x"}})
    );
    assert_eq!(
        event.attributes().to_value(),
        json!({"token": "***", "http": {"headers": {"authorization": "***", "host": "h"}}})
    );
}

#[test]
fn a_whole_payload_becomes_text() {
    let event = sent(
        build("redact", json!({"paths": ["payload"]})),
        json!({"a": 1}),
    );
    assert_eq!(
        (event.payload().kind(), event.text().unwrap()),
        ("text", "REDACTED")
    );
}

#[test]
fn json_that_cannot_be_read_does_not_pass_for_clean() {
    let redact = || build("redact", json!({"paths": ["payload.card"]}));
    let broken = Json::from_text(r#"{"card": 4711"#);
    let mut harness = Harness::new(redact());
    harness.send(broken);
    assert!(harness.take().is_empty());
    let failed = harness.errors().remove(0);
    let kind = failed.error().unwrap().error.kind();
    assert_eq!(kind, ErrorKind::Malformed);
    assert_eq!(sent(redact(), "no JSON").text().unwrap(), "no JSON");
}

#[test]
fn mistakes_are_found_at_load() {
    for (settings, expected) in [
        (json!({}), "give `patterns` or `paths`"),
        (
            json!({"patterns": ["a("]}),
            "the pattern `a(` is no regular expression: unclosed group",
        ),
        (json!({"paths": ["service"]}), "`service` is always there"),
        (json!({"pattern": "x"}), "unknown field `pattern`"),
    ] {
        let error = try_build("redact", settings.clone()).map(drop).unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
}
