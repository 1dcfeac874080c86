//! What `decode` and `encode` make of payloads.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use common::{build, refused, sent, try_build};
use compysition_actors::{Decode, Encode};
use compysition_convert::Codec;
use compysition_core::{ErrorKind, Event, Json, Payload, Xml};
use serde_json::{Value, json};

#[test]
fn bytes_become_values() {
    for (settings, bytes, made) in [
        (json!("text"), &b"a\nb"[..], json!("a\nb")),
        (json!("lines"), b"a\r\nb", json!(["a", "b"])),
        (json!("json"), b" {\"a\": 1} ", json!({"a": 1})),
        (json!("json_lines"), b"1\n[2]\n", json!([1, [2]])),
        (json!("csv"), b"a,b\n1,2\n", json!([{"a": "1", "b": "2"}])),
        (
            json!({"codec": {"csv": {"header": false}}}),
            b"1,2\n",
            json!([["1", "2"]]),
        ),
        (
            json!({"codec": "message_pack"}),
            b"\x92\x01\xa1x",
            json!([1, "x"]),
        ),
        (
            json!({"codec": {"xml": {"element": "i"}}}),
            b"<l><i/><i>1</i></l>",
            json!(["<i/>", "<i>1</i>"]),
        ),
        (
            json!({"codec": {"text": {"charset": "latin1"}}}),
            b"caf\xe9",
            json!("café"),
        ),
        (json!("lines"), b"", json!([])),
        (json!("json"), b"", json!(null)),
    ] {
        let event = sent(build("decode", settings.clone()), bytes.to_vec());
        assert_eq!(event.payload().to_value(), made, "{settings}");
    }
    let charset = json!({"codec": {"csv": {"charset": "windows-1252"}}});
    let event = sent(build("decode", charset), "a\né\n");
    assert_eq!(*event.json().unwrap(), json!([{"a": "é"}]));
    assert_eq!(
        *sent(Decode::new(Codec::JsonLines), "1\n").json().unwrap(),
        json!([1])
    );
}

#[test]
fn what_was_parsed_is_not_parsed_again() {
    let parsed = Payload::from(json!({"a": 1}));
    let event = sent(build("decode", json!("json")), parsed.clone());
    let tree = |payload: &Payload| match payload {
        Payload::Json(json) => std::ptr::from_ref(json.value().unwrap()),
        _ => std::ptr::null(),
    };
    assert_eq!(tree(event.payload()), tree(&parsed));
    let error = refused(build("decode", json!("json")), Json::from_text("{"));
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[test]
fn values_become_bytes() {
    let rows = json!([{"a": 1, "b": "x;y"}, {"a": 2}]);
    for (settings, payload, kind, content_type, made) in [
        (
            json!("text"),
            Payload::from("é"),
            "text",
            "text/plain; charset=utf-8",
            &b"\xc3\xa9"[..],
        ),
        (
            json!({"codec": {"text": {"charset": "latin1"}}}),
            "é".into(),
            "bytes",
            "text/plain; charset=iso-8859-1",
            b"\xe9",
        ),
        (
            json!("lines"),
            json!(["a", 1]).into(),
            "text",
            "text/plain; charset=utf-8",
            b"a\n1\n",
        ),
        (json!("json"), "a".into(), "json", "", b"\"a\""),
        (json!("json"), json!([1]).into(), "json", "", b"[1]"),
        (
            json!("json_lines"),
            json!([1, [2]]).into(),
            "text",
            "application/x-ndjson",
            b"1\n[2]\n",
        ),
        (
            json!({"codec": {"csv": {"delimiter": ";"}}}),
            rows.clone().into(),
            "text",
            "text/csv; charset=utf-8",
            b"a;b\r\n1;\"x;y\"\r\n2;\r\n",
        ),
        (
            json!("message_pack"),
            json!([1, "x"]).into(),
            "bytes",
            "application/msgpack",
            b"\x92\x01\xa1x",
        ),
        (
            json!({"codec": {"xml": {"element": "i"}}}),
            json!(["x"]).into(),
            "xml",
            "",
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root>\n<i>x</i>\n</root>\n",
        ),
        (
            json!({"codec": {"xml": {"element": "i"}}}),
            Xml::from_text("<i/>").into(),
            "xml",
            "",
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root>\n<i/>\n</root>\n",
        ),
    ] {
        let event = Event::new(payload).with_attribute("content_type", "old");
        let event = sent(build("encode", settings.clone()), event);
        assert_eq!(
            (event.payload().kind(), event.bytes().unwrap()),
            (kind, made),
            "{settings}"
        );
        let said = event
            .attribute("content_type")
            .map(|value| value.into_owned());
        assert_eq!(
            said.unwrap_or_default().as_str().unwrap_or_default(),
            content_type,
            "{settings}"
        );
    }
    assert_eq!(
        sent(Encode::new(Codec::JsonLines), rows)
            .text()
            .unwrap()
            .lines()
            .count(),
        2
    );
}

#[test]
fn large_payloads_come_back() {
    let rows: Value = (0..30_000)
        .map(|n| json!({"n": n.to_string(), "text": "a, \"b\""}))
        .collect();
    let encoded = sent(build("encode", json!("csv")), rows.clone());
    let decoded = sent(build("decode", json!("csv")), encoded.payload().clone());
    assert_eq!(*decoded.json().unwrap(), rows);
}

#[test]
fn what_is_not_written_so_is_an_error() {
    let error = refused(build("decode", json!("csv")), "a,b\n1,2\n3\n");
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(error.detail("record"), Some(&json!(2)));
    let error = refused(build("decode", json!("json")), "1 2");
    assert!(error.message().contains("more than one value"), "{error}");
    let error = refused(
        build("encode", json!({"codec": {"text": {"charset": "latin1"}}})),
        "日",
    );
    assert_eq!(error.kind(), ErrorKind::Unprocessable);
}

#[test]
fn mistakes_are_found_at_load() {
    for (settings, expected) in [
        (json!({}), "missing field `codec`"),
        (json!("cvs"), "unknown variant `cvs`"),
        (
            json!({"codec": "csv", "header": false}),
            "unknown field `header`",
        ),
        (
            json!(1),
            "expected the name of a codec, or a map of settings",
        ),
    ] {
        let error = try_build("decode", settings.clone()).map(drop).unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
}
