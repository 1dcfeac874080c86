//! Whatever bytes a codec is given: records or errors, soon, and nothing of it is kept.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::time::Duration;

use common::codec;
use compysition_convert::{json_to_xml, xml_text, xml_to_json};
use compysition_core::testing::{Dice, within};
use serde_json::{Value, json};

const ROUNDS: usize = 100_000;
/// With eight codecs, more than that together.
const ROUNDS_EACH: usize = 13_000;
/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);
const GROWTH: usize = 32 << 20;
const MAX_RECORD: usize = 40;

/// Decodes inputs of such words, in pieces; returns how many records and errors there were.
fn decode_all(settings: &Value, words: &[&str], seed: u64) -> (usize, usize) {
    let mut dice = Dice::new(seed);
    let codec = codec(settings.clone());
    let (mut good, mut bad) = (0, 0);
    for round in 0..ROUNDS_EACH {
        let input = dice.text(words, 14);
        let decoder = codec.decoder(MAX_RECORD);
        let mut decoder = match round % 2 {
            0 => decoder,
            _ => decoder.resuming(),
        };
        let mut found = 0;
        for chunk in input.chunks(1 + dice.roll(40)) {
            decoder.feed(chunk);
            for step in 0..2 {
                if step == 1 && dice.roll(8) == 0 {
                    decoder.end();
                }
                while let Some(record) = decoder.next() {
                    found += 1;
                    match record {
                        Ok(_) => good += 1,
                        Err(error) => {
                            bad += 1;
                            assert!(error.message().starts_with("record "), "{error}");
                            assert!(decoder.take_refused().len() <= 64 << 10);
                        }
                    }
                }
            }
        }
        decoder.end();
        found += decoder.by_ref().count();
        assert!(found <= input.len() + 1, "{}", input.escape_ascii());
        assert!(decoder.pending() <= input.len());
    }
    (good, bad)
}

#[test]
fn any_bytes_are_records_or_errors() {
    let text = &["a", "\n", "\r\n", "é", "\u{feff}", "xxxxxxxxxxxxxxxx", "\0"];
    let json = &[
        "{",
        "}",
        "[",
        "]",
        "\"a\"",
        ":",
        ",",
        "1",
        "-",
        "1e9",
        "null",
        "true",
        "\\u00",
        "\n",
        " ",
        "{\"a\":1}\n",
        "\"",
        "[[[[[[[[",
    ];
    let csv = &[
        "a", ",", "\"", "\"\"", "\n", "\r\n", "a,b\n", "1,2\n", ";", "é",
    ];
    let packed = &[
        "\u{1}",
        "\u{5}",
        "a",
        "\u{40}",
        "x",
        "\u{7f}",
        "bbbbbbbb",
        "\0\0\0\0",
        "\u{12}\u{34}",
    ];
    let xml = &[
        "<r>",
        "</r>",
        "<r/>",
        "<a>",
        "</a>",
        "<r a='",
        "'",
        "\"",
        ">",
        "<",
        "&amp;",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?xml version='1.0' encoding='",
        "latin1",
        "'?>",
        "xmlns:p='u'",
        "p:",
        "<!DOCTYPE a [",
        "\n",
        "x",
    ];
    within(PATIENCE, GROWTH, || {
        for (settings, words) in [
            (json!("text"), &text[..]),
            (json!("lines"), text),
            (json!({"lines": {"charset": "shift_jis"}}), text),
            (json!("json"), json),
            (json!("json_lines"), json),
            (json!("csv"), csv),
            (json!("message_pack"), packed),
            (json!({"xml": {"element": "r"}}), xml),
        ] {
            let (good, bad) = decode_all(&settings, words, 3);
            assert!(
                good > 100 && bad > 100,
                "{settings}: {good} good, {bad} bad"
            );
        }
    });
}

#[test]
fn any_bytes_are_xml_or_refused_with_a_place() {
    const DOCUMENT: &str = "<?xml version='1.0'?><!DOCTYPE a><a xmlns:p='u' b='1'>x<p:c/><c>&lt;</c><![CDATA[d]]><!-- e --></a>";
    let words = [
        "<", ">", "&", ";", "'", "\"", "/", "a", "<a>", "</a>", "<!", "]]>", "--", "?>", "\0",
        "&#x",
    ];
    let mut dice = Dice::new(5);
    let (good, bad) = within(PATIENCE, GROWTH, || {
        let (mut good, mut bad) = (0, 0);
        for _ in 0..ROUNDS {
            let mut document = DOCUMENT.as_bytes().to_vec();
            dice.damage(&mut document, &words);
            match xml_text(&document).and_then(|text| xml_to_json(&text)) {
                Ok(json) => {
                    good += 1;
                    let _ = json_to_xml(&json);
                }
                Err(error) => {
                    bad += 1;
                    assert!(!error.message().is_empty());
                }
            }
        }
        (good, bad)
    });
    assert!(good > 1000 && bad > 1000, "{good} good, {bad} bad");
}
