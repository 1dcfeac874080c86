//! Several records that `file_in` makes one event of.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use compysition_core::Limits;
use serde_json::json;

use crate::support::{A_WHILE, Directory, run_within, start, texts};

#[test]
fn several_records_may_make_an_event() {
    let directory = Directory::new("batch");
    fs::write(directory.path("a.txt"), "1\n2\n3\n4\n5\n").unwrap();
    let mut harness = start(json!({ "path": directory.path("*"), "codec": "lines", "batch": 2 }));
    assert_eq!(texts(&mut harness), ["1\n2\n", "3\n4\n", "5\n"]);
    harness.stop();
    let mut harness =
        start(json!({ "path": directory.path("*"), "codec": "json_lines", "batch": 3 }));
    assert_eq!(texts(&mut harness), ["[1,2,3]", "[4,5]"]);
    harness.stop();
}

#[test]
fn a_pack_is_full_also_where_a_file_is_read_in_parts() {
    let directory = Directory::new("packs");
    // More than is read at once, with both ends of lines, and one that no pack can have.
    let lines: Vec<String> = (0..40_000).map(|number| format!("line {number}")).collect();
    let mut bytes = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        bytes.extend_from_slice(line.as_bytes());
        let end: &[u8] = match number % 3 {
            0 => b"\r\n",
            _ => b"\n",
        };
        bytes.extend_from_slice(end);
        if number == 25_499 {
            bytes.extend_from_slice(b"no \xff text\n");
        }
    }
    fs::write(directory.path("a.txt"), bytes).unwrap();
    let settings = json!({ "path": directory.path("*"), "codec": "lines", "batch": 1000 });
    let mut harness = start(settings);
    harness.advance(A_WHILE);
    let failed = harness.take_from("error");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].bytes().unwrap(), b"no \xff text\n");
    let message = failed[0].error().unwrap().error.message().to_owned();
    assert!(message.contains("record 25501"), "{message}");
    let texts: Vec<String> = harness
        .take()
        .iter()
        .map(|event| event.text().unwrap().to_owned())
        .collect();
    let sizes: Vec<usize> = texts.iter().map(|text| text.lines().count()).collect();
    let mut expected = vec![1000; 25];
    expected.push(500);
    expected.extend([1000; 14]);
    expected.push(500);
    assert_eq!(sizes, expected);
    assert_eq!(texts.concat(), lines.join("\n") + "\n");
    harness.stop();
}

#[test]
fn a_pack_is_never_larger_than_what_may_be_let_in() {
    let directory = Directory::new("large-packs");
    let line = "x".repeat(90_000);
    fs::write(directory.path("a.txt"), format!("{line}\n").repeat(50)).unwrap();
    let settings = json!({ "path": directory.path("*"), "codec": "lines", "batch": 1000 });
    let limits = Limits {
        bytes: 1 << 20,
        ..Limits::default()
    };
    let packs = run_within(limits, &settings, 50);
    assert!(packs.len() < 10 && packs.iter().all(|pack| pack.len() < 1 << 20));
    assert_eq!(packs.concat(), format!("{line}\n").repeat(50));
}
