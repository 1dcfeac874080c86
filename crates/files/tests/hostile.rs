//! Files of 100,000 damaged records: each is an event or an error, and nothing of it is kept.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::time::Duration;

use compysition_core::testing::{Dice, Harness, within};
use compysition_files::FileIn;
use serde_json::{Value, json};

use crate::support::Directory;

/// With seven codecs, more than 100,000 together.
const RECORDS: usize = 15_000;

/// Reads a file of damaged records; returns how many events and errors came of it.
fn read(settings: Value, record: &str, words: &[&str]) -> (usize, usize) {
    let directory = Directory::new("hostile");
    let path = directory.path("in.txt");
    let mut dice = Dice::new(11);
    let mut bytes = Vec::new();
    for _ in 0..RECORDS {
        let mut one = record.as_bytes().to_vec();
        if dice.roll(2) == 0 {
            dice.damage(&mut one, words);
        }
        bytes.extend(one);
    }
    fs::write(&path, bytes).unwrap();
    let mut all = json!({ "path": path, "max_record": 4000 });
    let settings = settings.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(settings);
    let mut harness = Harness::new(serde_json::from_value::<FileIn>(all).unwrap());
    let (mut good, mut bad) = (0, 0);
    loop {
        harness.advance(Duration::from_secs(3));
        let (events, errors) = (harness.take(), harness.errors());
        if events.is_empty() && errors.is_empty() {
            break;
        }
        good += events.len();
        bad += errors.len();
        for error in errors {
            let message = error.error().unwrap().error.to_string();
            assert!(message.contains("in.txt"), "{message}");
        }
    }
    harness.stop();
    (good, bad)
}

#[test]
fn any_file_becomes_events_and_errors() {
    within(Duration::from_secs(60), 64 << 20, || {
        let tail = |codec: Value| json!({ "codec": codec, "mode": "tail" });
        let markup = ["<", ">", "</r>", "<r>", "&", "'", "<!--", "]]>", "\n", "\0"];
        let signs = ["{", "}", "[", "\"", ",", ":", "\n", "1", "x", "é"];
        for (settings, record, words) in [
            (tail(json!("lines")), "some text, é\n", &signs[..]),
            (tail(json!("json_lines")), "{\"a\": [1, \"é\"]}\n", &signs),
            (tail(json!("json")), "{\"a\":\n [1, \"é\"]}\n", &signs),
            (
                tail(json!({ "csv": { "header": ["a", "b"] } })),
                "1,\"a \"\"b\"\"\"\n",
                &signs,
            ),
            (
                tail(json!({ "xml": { "element": "r" } })),
                "<r a='1'>é<b/></r>\n",
                &markup,
            ),
            (json!({ "codec": "csv" }), "1,\"x\ny\"\n", &signs),
            (json!({ "codec": "lines", "batch": 10 }), "one\n", &signs),
        ] {
            let (good, bad) = read(settings.clone(), record, words);
            eprintln!("{settings}: {good} events, {bad} errors");
            assert!(
                good > 100 && bad > 100,
                "{settings}: {good} events, {bad} errors"
            );
        }
        // These end with the first mistake.
        for codec in ["message_pack", "json", "text"] {
            let (_, bad) = read(json!({ "codec": codec }), "{\"a\":1}", &signs);
            assert_eq!(bad, 1, "{codec}");
        }
    });
}
