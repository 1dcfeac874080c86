//! Whatever `decode` is given, it is decoded or malformed, soon, and nothing of it is kept.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::time::Duration;

use common::build;
use compysition_core::ErrorKind;
use compysition_core::testing::{Dice, Harness, within};
use serde_json::json;

/// With seven codecs, more than 100,000 together.
const ROUNDS: usize = 15_000;

#[test]
fn any_payload_is_decoded_or_malformed() {
    let words = [
        "{", "}", "[", "]", "\"", ",", ":", "\n", "1", "a", "<r>", "</r>", "<", "é", "\u{5}", "\0",
    ];
    within(Duration::from_secs(60), 32 << 20, || {
        for (codec, right) in [
            (json!("text"), "some text, é"),
            (json!("lines"), "one\ntwo\n"),
            (json!("json"), "{\"a\": [1, \"é\", null]}"),
            (json!("json_lines"), "{\"a\": 1}\n[2]\n"),
            (json!("csv"), "a,b\n1,\"x\ny\"\n"),
            (json!("message_pack"), "\u{7}"),
            (
                json!({ "xml": { "element": "r" } }),
                "<l><r a='1'>x</r><r/></l>",
            ),
        ] {
            let mut dice = Dice::new(17);
            let mut harness = Harness::new(build("decode", json!({ "codec": codec })));
            let (mut good, mut bad) = (0, 0);
            for _ in 0..ROUNDS {
                let mut payload = right.as_bytes().to_vec();
                dice.damage(&mut payload, &words);
                harness.send(payload);
                good += harness.take().len();
                for event in harness.errors() {
                    let error = &event.error().unwrap().error;
                    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
                    bad += 1;
                }
            }
            assert_eq!(good + bad, ROUNDS, "{codec}");
            assert!(good > 100 && bad > 100, "{codec}: {good} good, {bad} bad");
        }
    });
}
