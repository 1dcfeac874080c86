//! Records in bytes, whole and in chunks of any size.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use common::{codec, encode};
use compysition_convert::Decoder;
use compysition_core::{Error, ErrorKind, Payload};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Decodes bytes that come in such chunks; errors are their messages.
fn decode<'a>(settings: &Value, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Value> {
    let mut decoder = codec(settings.clone()).decoder(1 << 20);
    let mut found = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk);
        found.extend(decoder.by_ref().map(shown));
    }
    decoder.end();
    found.extend(decoder.by_ref().map(shown));
    assert!(decoder.next().is_none());
    found
}

fn shown(record: Result<Payload, Error>) -> Value {
    match record {
        Ok(Payload::Json(json)) => json.value().unwrap().clone(),
        Ok(other) => other.text().unwrap().into(),
        Err(error) => json!({"error": error.message()}),
    }
}

fn holds(settings: Value, bytes: &[u8], records: Value) {
    let records = records.as_array().unwrap();
    assert_eq!(
        &decode(&settings, [bytes]),
        records,
        "{settings}: {}",
        bytes.escape_ascii()
    );
    assert_eq!(
        &decode(&settings, bytes.chunks(1)),
        records,
        "{settings}, byte by byte"
    );
    for cut in 0..bytes.len() {
        let (one, other) = bytes.split_at(cut);
        assert_eq!(
            &decode(&settings, [one, other]),
            records,
            "{settings}, cut at {cut}"
        );
    }
}

#[test]
fn texts_and_lines() {
    holds(json!("text"), b"one\ntwo", json!(["one\ntwo"]));
    holds(json!("text"), b"", json!([]));
    holds(
        json!({"text": {"charset": "utf-16le"}}),
        b"a\0\xe9\0",
        json!(["aé"]),
    );
    holds(
        json!("lines"),
        b"one\r\n\ntwo\nthree",
        json!(["one", "", "two", "three"]),
    );
    holds(json!("lines"), "\u{feff}é\n".as_bytes(), json!(["é"]));
    holds(
        json!({"lines": {"charset": "latin1"}}),
        b"caf\xe9\n",
        json!(["café"]),
    );
    let message = "record 2: the bytes are no text in the encoding utf-8";
    holds(
        json!("lines"),
        b"a\n\xff\nb\n",
        json!(["a", {"error": message}, "b"]),
    );
}

#[test]
fn json() {
    holds(
        json!("json"),
        b" {\"a\": [1]}\n2 \"x\"[] ",
        json!([{"a": [1]}, 2, "x", []]),
    );
    holds(json!("json"), b"12", json!([12]));
    let message = "record 2: invalid JSON: expected value at line 1 column 1";
    holds(json!("json"), b"1 x 2", json!([1, {"error": message}]));
    let message = "record 1: invalid JSON: EOF while parsing a list at line 1 column 2";
    holds(json!("json"), b"[1", json!([{"error": message}]));
    holds(
        json!("json_lines"),
        b"{\"a\":1}\r\n\n[2]\n3",
        json!([{"a": 1}, [2], 3]),
    );
    let message = "record 2: invalid JSON: trailing characters at line 1 column 3";
    holds(
        json!("jsonl"),
        b"1\n2 3\n4\n",
        json!([1, {"error": message}, 4]),
    );
}

#[test]
fn csv() {
    let text = b"id,name\r\n1,\"a, \"\"b\"\"\nc\"\n\n2,\n";
    holds(
        json!("csv"),
        text,
        json!([{"id": "1", "name": "a, \"b\"\nc"}, {"id": "2", "name": ""}]),
    );
    holds(json!("csv"), b"id,name\n", json!([]));
    holds(
        json!({"csv": {"header": false}}),
        b"1;2,3\n4",
        json!([["1;2", "3"], ["4"]]),
    );
    let named = json!({"csv": {"header": ["a", "b"], "delimiter": ";", "quote": "'", "charset": "windows-1252"}});
    holds(named, b"\x80;'x;y'", json!([{"a": "€", "b": "x;y"}]));
    let message = "record 2: the number of fields is 3, that of the names 2";
    let rows = json!([{"a": "1", "b": "2"}, {"error": message}, {"a": "6", "b": "7"}]);
    holds(json!("csv"), b"a,b\n1,2\n3,4,5\n6,7\n", rows);
    let message = "record 1: the header has `a` twice";
    holds(json!("csv"), b"a,a\n1,2\n", json!([{"error": message}]));
    let wide = format!("{}\n", "x".repeat(5000));
    holds(
        json!({"csv": {"header": false}}),
        wide.as_bytes(),
        json!([["x".repeat(5000)]]),
    );
}

#[test]
fn message_pack() {
    let bytes =
        b"\x83\xa1a\x01\xa1b\xc4\x02\xff\x00\x07\xc0\x93\xcb\x3f\xf8\0\0\0\0\0\0\xc3\xa2\xc3\xa9";
    holds(
        json!("message_pack"),
        bytes,
        json!([{"a": 1, "b": "/wA=", "7": null}, [1.5, true, "é"]]),
    );
    holds(json!("msgpack"), b"\xef\xe1", json!([-17, -31]));
    let moments = b"\xd6\xff\0\0\0\x01\xd7\xff\x77\x35\x94\0\0\0\0\x02\xc7\x0c\xff\x1d\xcd\x65\0\0\0\0\0\0\0\0\x03";
    holds(
        json!("message_pack"),
        moments,
        json!([
            "1970-01-01T00:00:01.000Z",
            "1970-01-01T00:00:02.500Z",
            "1970-01-01T00:00:03.500Z"
        ]),
    );
    let message = "record 1: the MessagePack extension 5 has no meaning in JSON";
    holds(
        json!("message_pack"),
        b"\xd4\x05\0\x01",
        json!([{"error": message}, 1]),
    );
    let message = "record 1: invalid MessagePack: the last value is not complete";
    holds(
        json!("message_pack"),
        b"\x92\x01",
        json!([{"error": message}]),
    );
    let deep = vec![0x91; 100_000];
    assert_eq!(decode(&json!("message_pack"), [&deep[..]]).len(), 1);
}

#[test]
fn elements_of_xml() {
    let items = json!({"xml": {"element": "item"}});
    let text = "<?xml version='1.0'?><!DOCTYPE list [<!ENTITY e '<item>'>]><!-- <item/> -->\n<list>\n \
                <item a='>'>1</item><!-- x --><![CDATA[<item/>]]><other><item/></other>\
                <item><item>2</item><b>é<!-- </item> --></b></item ></list>\n";
    let records = json!([
        "<item a='>'>1</item>",
        "<item/>",
        "<item><item>2</item><b>é<!-- </item> --></b></item >",
    ]);
    holds(items.clone(), text.as_bytes(), records);
    let text =
        "<l xmlns='u' xmlns:p='v' xmlns:q='w'><x xmlns:p='y'><p:item a='1' xmlns:q='z'/></x></l>";
    let record = "<p:item xmlns:p='y' xmlns='u' a='1' xmlns:q='z'/>";
    holds(items.clone(), text.as_bytes(), json!([record]));
    let qualified = json!({"xml": {"element": "p:item"}});
    holds(qualified, b"<l><item/><p:item/></l>", json!(["<p:item/>"]));
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><l><item>caf\xe9</item></l>";
    holds(items.clone(), latin, json!(["<item>café</item>"]));
    holds(items.clone(), b"<item/>", json!(["<item/>"]));
    for (text, found, message) in [
        ("<l><item/></m>", 1, "`</m>` ends what `<l>` began"),
        ("<l><item/>", 1, "the element `l` is not closed"),
        ("<l><item", 0, "the element `l` is not closed"),
        ("</l>", 0, "`</l>` ends what never began"),
        (
            "<l/><!-- ",
            0,
            "the document ends within a tag or a comment",
        ),
        (
            "<?xml version='1.0' encoding='nope'?><l/>",
            0,
            "the encoding `nope` is unknown",
        ),
    ] {
        let mut records: Vec<Value> = vec!["<item/>".into(); found];
        records.push(json!({"error": format!("record {}: {message}", found + 1)}));
        holds(items.clone(), text.as_bytes(), records.into());
    }
}

#[test]
fn records_are_bounded() {
    for (settings, text) in [
        (json!("text"), "x".repeat(200)),
        (json!("lines"), "x".repeat(200)),
        (json!("json"), format!("[{}", "1,".repeat(100))),
        (json!("json_lines"), "[".repeat(200)),
        (json!("csv"), format!("\"{}", "x".repeat(200))),
        (
            json!("message_pack"),
            format!("\u{12}\u{7f}{}", "x".repeat(200)).replace('\u{12}', "\u{59}"),
        ),
        (
            json!({"xml": {"element": "a"}}),
            format!("<a>{}", "x".repeat(200)),
        ),
    ] {
        let mut decoder = codec(settings.clone()).decoder(100);
        let mut failed = None;
        for chunk in text.as_bytes().chunks(10) {
            decoder.feed(chunk);
            failed = failed.or_else(|| decoder.by_ref().find_map(Result::err));
            assert!(decoder.pending() <= 120, "{settings}");
        }
        if settings != json!("message_pack") {
            assert_eq!(failed.unwrap().kind(), ErrorKind::TooLarge, "{settings}");
        }
    }
}

#[test]
fn what_is_pending_is_known() {
    let mut decoder = codec(json!("lines")).decoder(100);
    decoder.feed(b"one\ntwo\nth");
    let pending = |decoder: &mut Decoder| (decoder.next().is_some(), decoder.pending());
    assert_eq!(pending(&mut decoder), (true, 6));
    assert_eq!(pending(&mut decoder), (true, 2));
    assert_eq!(pending(&mut decoder), (false, 2));
}

/// What comes of bytes with a decoder that goes on behind errors, and the bytes of the errors.
fn resumed<'a>(
    settings: &Value,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Value>, Vec<Vec<u8>>) {
    let mut decoder = codec(settings.clone()).decoder(30).resuming();
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    let mut take = |decoder: &mut Decoder| {
        while let Some(record) = decoder.next() {
            if record.is_err() {
                refused.push(decoder.take_refused());
            }
            found.push(shown(record));
        }
    };
    for chunk in chunks {
        decoder.feed(chunk);
        take(&mut decoder);
    }
    decoder.end();
    take(&mut decoder);
    found.retain(|record| record.get("error").is_none());
    (found, refused)
}

#[test]
fn a_decoder_may_go_on_behind_errors() {
    let long = "x".repeat(100);
    for (settings, text, records) in [
        (json!("lines"), format!("a\n{long}\nb\n"), json!(["a", "b"])),
        (
            json!("json_lines"),
            format!("1\n\"{long}\"\n2\n"),
            json!([1, 2]),
        ),
        (
            json!("json"),
            "1 x\n 7\n[2]\n{\"a\": !\n}\n\n{\"b\":3} ".to_owned(),
            json!([1, [2], {"b": 3}]),
        ),
        (
            json!({"csv": {"header": ["a"]}}),
            format!("1\n\"{long}\"\n2\n"),
            json!([{"a": "1"}, {"a": "2"}]),
        ),
        (
            json!({"xml": {"element": "r"}}),
            format!("<l xmlns='u'><r>1</r><r><x></r></l><rest/><p:r>{long}</p:r><r a='2'/></l>"),
            json!(["<r xmlns='u'>1</r>", "<r xmlns='u' a='2'/>"]),
        ),
    ] {
        let (found, refused) = resumed(&settings, [text.as_bytes()]);
        assert_eq!(Value::from(found), records, "{settings}");
        assert!(!refused.is_empty());
        for refused in refused {
            let is_of_it = text
                .as_bytes()
                .windows(refused.len())
                .any(|part| part == refused);
            assert!(is_of_it && !refused.is_empty(), "{settings}: {refused:?}");
        }
        for size in 1..9 {
            let chunks = text.as_bytes().chunks(size);
            assert_eq!(
                Value::from(resumed(&settings, chunks).0),
                records,
                "{settings}, {size}"
            );
        }
    }
    // Nothing tells where another value of MessagePack begins.
    let deep = [&[1][..], &[0x91; 300], &[2]].concat();
    let (found, refused) = resumed(&json!("msgpack"), [&deep[..]]);
    assert_eq!((found, refused), (vec![json!(1)], vec![deep[1..].to_vec()]));
}

fn settings() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("lines")),
        Just(json!("json")),
        Just(json!("json_lines")),
        Just(json!("csv")),
        Just(json!("form")),
        Just(json!("message_pack")),
        Just(json!({"xml": {"element": "a"}})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn chunks_make_no_difference(
        settings in settings(),
        text in "[<>/a!?\\-\\[\\]\"',\n1{}:é \u{0}\u{91}\u{c1}]{0,40}",
        bytes in prop::collection::vec(any::<u8>(), 0..20),
        size in 1_usize..9,
    ) {
        for bytes in [text.as_bytes(), &bytes] {
            let whole = decode(&settings, [bytes]);
            let chunks = decode(&settings, bytes.chunks(size));
            // Where a codec gives up, what it says may depend on how much it had seen.
            prop_assert_eq!(whole.len(), chunks.len(), "{:?} {:?}", whole, chunks);
        }
    }

    #[test]
    fn rows_come_back(rows in prop::collection::vec(prop::collection::vec("[a,\"\r\n é]{0,5}", 3), 1..5)) {
        let rows: Vec<Value> = rows.into_iter().map(Value::from).collect();
        let settings = json!({"csv": {"header": false}});
        let bytes = encode(settings.clone(), &rows).unwrap();
        prop_assert_eq!(decode(&settings, [bytes.as_bytes()]), rows, "{}", bytes);
    }

    #[test]
    fn forms_come_back(name in ".{0,6}", text in "(.|\n){0,9}", texts in prop::collection::vec(".{0,6}", 2..4)) {
        let form = json!({name: text, "several": texts});
        let bytes = codec(json!("form")).write_frame(&form.clone().into()).unwrap();
        prop_assert_eq!(decode(&json!("form"), [&bytes[..]]), [form], "{}", bytes.escape_ascii());
    }

    #[test]
    fn packed_values_come_back(number in any::<i64>(), float in -1e9_f64..1e9, text in ".{0,9}") {
        let value = json!({"number": number, "list": [float, text, null, true]});
        let mut encoder = codec(json!("message_pack")).encoder();
        let bytes = encoder.encode(&value.clone().into()).unwrap();
        prop_assert_eq!(decode(&json!("message_pack"), [&bytes[..]]), [value]);
    }
}
