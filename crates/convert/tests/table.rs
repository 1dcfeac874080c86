//! What becomes of what, case by case.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use compysition_convert::{ToJson, ToXml, json_to_xml, xml_to_json};
use compysition_core::ErrorKind;
use serde_json::{Value, json};

fn to_xml(json: &Value) -> String {
    let xml = json_to_xml(json).unwrap();
    xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .unwrap()
        .to_owned()
}

#[test]
fn xml_becomes_json() {
    for (xml, json) in [
        ("<a/>", json!({"a": null})),
        ("<a> \n </a>", json!({"a": null})),
        ("<a> x y </a>", json!({"a": "x y"})),
        ("<a>1</a>", json!({"a": "1"})),
        (
            "<a b='1' c=\"&lt;&#10;\"/>",
            json!({"a": {"@b": "1", "@c": "<\n"}}),
        ),
        ("<a b='1'>x</a>", json!({"a": {"@b": "1", "#text": "x"}})),
        (
            "<a><b>1</b><c/><b>2</b></a>",
            json!({"a": {"b": ["1", "2"], "c": null}}),
        ),
        (
            "<a><b/><b/><b/></a>",
            json!({"a": {"b": [null, null, null]}}),
        ),
        ("<a>x<b/>y</a>", json!({"a": {"b": null, "#text": "xy"}})),
        (
            "<a>&lt;&amp;&#233;<![CDATA[<x>&]]></a>",
            json!({"a": "<&é<x>&"}),
        ),
        (
            "<p:a xmlns:p='u' p:b='1'/>",
            json!({"p:a": {"@xmlns:p": "u", "@p:b": "1"}}),
        ),
        (
            "\u{feff}<?xml version='1.0'?><!DOCTYPE a [<!ELEMENT a ANY>]><!--c--><?p i?><a><!--c-->x<?p?></a>\n<!--c-->",
            json!({"a": "x"}),
        ),
        ("<a>x\r\ny</a>", json!({"a": "x\ny"})),
        (
            "<jsonified_envelope><a>1</a><b/></jsonified_envelope>",
            json!({"a": "1", "b": null}),
        ),
        ("<jsonified_envelope>5</jsonified_envelope>", json!("5")),
        ("<jsonified_envelope/>", Value::Null),
        ("", json!({})),
    ] {
        assert_eq!(xml_to_json(xml).unwrap(), json, "{xml}");
    }
}

#[test]
fn json_becomes_xml() {
    for (json, xml) in [
        (json!({"a": null}), "<a/>"),
        (json!({"a": "x<&>\""}), "<a>x&lt;&amp;&gt;\"</a>"),
        (
            json!({"a": {"z": 1, "b": true, "@q": 2.5, "#text": "t"}}),
            "<a q=\"2.5\"><z>1</z><b>true</b>t</a>",
        ),
        (
            json!({"a": {"@q": "\"\n\t<"}}),
            "<a q=\"&quot;&#10;&#9;&lt;\"/>",
        ),
        (json!({"a": {"@q": null}}), "<a q=\"\"/>"),
        (
            json!({"a": {"b": ["1", null, {"c": false}]}}),
            "<a><b>1</b><b/><b><c>false</c></b></a>",
        ),
        (
            json!({"a": {"b": [[1, 2], [3]]}}),
            "<a><b><b>1</b><b>2</b></b><b><b>3</b></b></a>",
        ),
        (json!({"a": {"b": []}}), "<a/>"),
        (
            json!({"a": 1, "b": 2}),
            "<jsonified_envelope><a>1</a><b>2</b></jsonified_envelope>",
        ),
        (
            json!({"a": [1, 2]}),
            "<jsonified_envelope><a>1</a><a>2</a></jsonified_envelope>",
        ),
        (json!({"@a": 1}), "<jsonified_envelope a=\"1\"/>"),
        (
            json!({"#text": 1}),
            "<jsonified_envelope>1</jsonified_envelope>",
        ),
        (
            json!([1]),
            "<jsonified_envelope><jsonified_envelope>1</jsonified_envelope></jsonified_envelope>",
        ),
        (json!("x"), "<jsonified_envelope>x</jsonified_envelope>"),
        (json!(null), "<root/>"),
        (json!({}), "<root/>"),
        (json!({"a": " <b c='1'>x</b> "}), "<a><b c='1'>x</b></a>"),
        (json!({"a": "<b>"}), "<a>&lt;b&gt;</a>"),
        (
            json!({"a": "<!DOCTYPE b><b/>"}),
            "<a>&lt;!DOCTYPE b&gt;&lt;b/&gt;</a>",
        ),
        (json!({"a": {"@b": "<c/>"}}), "<a b=\"&lt;c/&gt;\"/>"),
        (json!({"a": "x\ry"}), "<a>x&#13;y</a>"),
    ] {
        assert_eq!(to_xml(&json), xml, "{json}");
    }
}

#[test]
fn broken_xml_is_malformed_with_a_position() {
    for (xml, line, message) in [
        (" ", 1, "there is no element"),
        ("a", 1, "text outside the root"),
        ("<a>", 1, "`a` is not closed"),
        ("<a>\n<b>\n</a>", 3, "expected"),
        ("</a>", 1, "a"),
        ("<a/>\n<b/>", 2, "a second root"),
        ("<a/>x", 1, "text outside the root"),
        ("<a/><![CDATA[]]>", 1, "text outside the root"),
        ("<a/>&#65;", 1, "text outside the root"),
        ("<a>\n&nope;</a>", 2, "`nope` is unknown"),
        ("<a>&#0;</a>", 1, ""),
        ("<a>&#1;</a>", 1, "U+0001"),
        ("<a>\u{1}</a>", 1, "U+0001"),
        ("<a b='\u{1}'/>", 1, "U+0001"),
        ("<a b='1' b='2'/>", 1, ""),
        ("<a b=1/>", 1, ""),
        ("<1/>", 1, "`1` is no name"),
        ("<a -='1'/>", 1, "`-` is no name"),
        ("<a", 1, ""),
        ("<a/><!DOCTYPE a>", 1, "document type"),
        (
            "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
            1,
            "not expanded",
        ),
    ] {
        let error = xml_to_json(xml).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{xml}");
        assert_eq!(error.detail("line"), Some(&json!(line)), "{xml}: {error}");
        assert!(error.message().contains(message), "{xml}: {error}");
    }
}

#[test]
fn json_that_cannot_be_xml_is_unprocessable_with_its_path() {
    for (json, path, message) in [
        (json!({"a": {"b c": 1}}), "/a", "`b c` is no XML name"),
        (json!({"": 1}), "/", "`` is no XML name"),
        (json!({"a": {"@": 1}}), "/a", "`` is no XML name"),
        (json!({"a": {"@b": {}}}), "/a", "`@b` must be a text"),
        (json!({"a": {"#text": [1]}}), "/a", "`#text` must be a text"),
        (json!({"a": {"#b": 1}}), "/a", "`#b` means nothing"),
        (json!({"a": {"b": "\u{0}"}}), "/a/b", "U+0000"),
    ] {
        let error = json_to_xml(&json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unprocessable, "{json}");
        assert_eq!(error.detail("path"), Some(&json!(path)), "{json}: {error}");
        assert!(error.message().contains(message), "{json}: {error}");
    }
}

#[test]
fn depth_is_bounded_both_ways() {
    let nested = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    let json = xml_to_json(&nested(256)).unwrap();
    assert!(to_xml(&json).starts_with("<a><a>"));
    assert!(
        xml_to_json(&nested(257))
            .unwrap_err()
            .message()
            .contains("256")
    );
    assert!(xml_to_json(&"<a>".repeat(1_000_000)).is_err());
    let deeper = json!({"b": json});
    assert!(json_to_xml(&deeper).unwrap_err().message().contains("256"));
    let lists = (0..300).fold(json!(1), |inner, _| json!([inner]));
    assert!(json_to_xml(&lists).is_err());
}

#[test]
fn there_are_choices() {
    let lists = ["b".to_owned(), "c".to_owned()];
    let to_json = ToJson {
        envelope: "a",
        ..ToJson::default()
    };
    let flat = ToJson {
        flatten: true,
        ..ToJson::default()
    };
    let listing = ToJson {
        lists: &lists,
        ..ToJson::default()
    };
    for (choice, xml, json) in [
        (to_json, "<a><b/></a>", json!({"b": null})),
        (to_json, "<a><a>1</a></a>", json!(["1"])),
        (flat, "<x><b>1</b></x>", json!({"b": "1"})),
        (flat, "<x>1</x>", json!("1")),
        (
            listing,
            "<a><b>1</b><d><c/></d></a>",
            json!({"a": {"b": ["1"], "d": {"c": [null]}}}),
        ),
        (
            listing,
            "<a><b>1</b><b/></a>",
            json!({"a": {"b": ["1", null]}}),
        ),
    ] {
        assert_eq!(choice.convert(xml).unwrap(), json, "{choice:?}: {xml}");
    }
    let in_list = ToXml {
        envelope: "list",
        escape: true,
    };
    let xml = in_list.convert(&json!([])).unwrap();
    assert!(xml.ends_with("<list/>"), "{xml}");
    let xml = in_list.convert(&json!({"a": "<b/>"})).unwrap();
    assert!(xml.ends_with("<a>&lt;b/&gt;</a>"), "{xml}");
}
