//! Records written as bytes, and what a codec cannot be.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use common::{codec, encode};
use compysition_convert::Codec;
use compysition_core::{ErrorKind, Xml};
use serde_json::json;

#[test]
fn records_are_written() {
    let rows = [
        json!({"a": 1, "b": "x,\"y\""}),
        json!({"b": null}),
        json!({"a": " ", "b": [true]}),
    ];
    let written = encode(json!("csv"), &rows).unwrap();
    assert_eq!(written, "a,b\r\n1,\"x,\"\"y\"\"\"\r\n,\r\n\" \",[true]\r\n");
    let named = json!({"csv": {"header": ["b", "a"], "delimiter": ";"}});
    assert_eq!(
        encode(named, &rows[..1]).unwrap(),
        "b;a\r\n\"x,\"\"y\"\"\";1\r\n"
    );
    let bare = json!({"csv": {"header": false}});
    assert_eq!(
        encode(bare, &[json!([1, "x"]), json!([""])]).unwrap(),
        "1,x\r\n\"\"\r\n"
    );
    assert_eq!(
        encode(json!("lines"), &[json!("x"), json!(1)]).unwrap(),
        "x\n1\n"
    );
    assert_eq!(
        encode(json!("json"), &[json!("x"), json!([1])]).unwrap(),
        "\"x\"\n[1]"
    );
    let pretty = json!({"json": {"pretty": true}});
    assert_eq!(encode(pretty, &[json!([1])]).unwrap(), "[\n  1\n]");
    assert_eq!(
        encode(json!("json_lines"), &[json!("x"), json!([1])]).unwrap(),
        "\"x\"\n[1]\n"
    );
    let xml = json!({"xml": {"element": "item", "root": "list"}});
    let written = encode(
        xml.clone(),
        &[json!("<"), json!({"item": {"@a": 1}}), json!({"b": 2})],
    )
    .unwrap();
    let items = "<item>&lt;</item>\n<item a=\"1\"/>\n<item><b>2</b></item>";
    assert_eq!(
        written,
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<list>\n{items}\n</list>\n")
    );
    let document = Xml::from_text("<?xml version='1.0'?>\n<!-- c --><a/>\n");
    assert_eq!(
        codec(xml).encoder().encode(&document.into()).unwrap(),
        b"<a/>\n"
    );
}

#[test]
fn what_cannot_be_written_is_told() {
    for (settings, record, message) in [
        (json!("lines"), json!("a\nb"), "a text with a line break"),
        (json!("csv"), json!("x"), "made of an object or a list"),
        (
            json!({"csv": {"header": ["a"]}}),
            json!({"b": 1}),
            "the field `b` is none of the names",
        ),
        (
            json!({"text": {"charset": "latin1"}}),
            json!("日"),
            "has no character `日`",
        ),
    ] {
        let error = encode(settings, &[record]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unprocessable);
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn mistakes_in_settings_are_told() {
    for (settings, message) in [
        (
            json!("cvs"),
            "unknown variant `cvs`, expected one of `text`, `lines`",
        ),
        (json!("xml"), "must be told the name of its elements"),
        (json!({"xml": {}}), "missing field `element`"),
        (json!({"csv": {"delimiter": ";;"}}), "expected a character"),
        (
            json!({"csv": {"delimiter": "é"}}),
            "`é` is no ASCII character",
        ),
        (
            json!({"csv": {"header": 1}}),
            "`header` must be true, false or a list of names",
        ),
        (
            json!({"csv": {}, "lines": {}}),
            "not both `csv` and `lines`",
        ),
        (
            json!({"lines": {"charset": "utf-16le"}}),
            "records cannot be found in utf-16le",
        ),
        (
            json!({"text": {"charset": "klingon"}}),
            "`klingon` is no character set",
        ),
        (json!(1), "expected a codec, one of text, lines"),
    ] {
        let error = serde_json::from_value::<Codec>(settings.clone())
            .unwrap_err()
            .to_string();
        assert!(error.contains(message), "{settings}: {error}");
    }
}
