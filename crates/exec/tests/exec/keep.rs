//! One process for all events.

use compysition_core::{ErrorKind, Event};
use compysition_flow::testing;
use serde_json::{Value, json};

use crate::site::{ask, assert_reaped, failed, python, registry, start, text, until};

/// Answers each line with the number of the process and the line.
const ECHO: &str = r#"
import os, sys
for line in sys.stdin:
    if line == "die\n": sys.exit(3)
    if line == "hang\n": sys.stdin.read()
    if line == "close\n":
        os.close(1)
        sys.stdin.read()
    if line == "flood\n": print("x" * 1000000, end="")
    print(os.getpid(), line, end="", flush=True)
"#;

fn keep(more: Value) -> Value {
    let mut more = more;
    more["mode"] = "keep".into();
    more
}

fn echo(more: Value) -> Value {
    python(ECHO, keep(more))
}

fn pid(answer: &str) -> &str {
    answer.split(' ').next().unwrap()
}

#[test]
fn one_process_answers_one_event_after_the_other() {
    let mut harness = start(echo(json!({})));
    let first = text(&mut harness, "0");
    for number in 1..500 {
        let answer = text(&mut harness, number.to_string());
        assert_eq!(answer, format!("{} {number}", pid(&first)));
    }
    harness.stop();
    assert_reaped(pid(&first));
}

#[test]
fn the_flow_file_of_the_guide_works() {
    let program = r#"
import json, sys

for line in sys.stdin:
    event = json.loads(line)
    try:
        answer = dict(payload=event["payload"].upper(), attributes=dict(length=len(event["payload"])))
    except Exception as error:
        answer = dict(error=dict(kind="unprocessable", message=str(error)))
    print(json.dumps(answer), flush=True)
"#;
    let note = crate::site::Note::new("guide");
    std::fs::write(note.path(), program).unwrap();
    let yaml = format!(
        "exec: {{ command: [python3, {}], mode: keep, envelope: true }}",
        note.path()
    );
    let mut harness = testing::plan(&registry(), &yaml).real_time().start();
    let event = ask(&mut harness, "two\nlines").unwrap();
    assert_eq!(event.text().unwrap(), "TWO\nLINES");
    assert_eq!(event.lookup("attributes.length"), Some(json!(9)));
    let (kind, message) = failed(&mut harness, json!([1]));
    assert_eq!(kind, ErrorKind::Unprocessable);
    assert!(message.contains("upper"), "{message}");
    assert_eq!(text(&mut harness, "again"), "AGAIN");
    harness.stop();
}

#[test]
fn one_that_dies_fails_the_event_in_hand_and_is_started_anew() {
    let mut harness = start(echo(json!({})));
    let first = text(&mut harness, "a");
    let (kind, message) = failed(&mut harness, "die");
    assert_eq!(kind, ErrorKind::Unavailable);
    assert_eq!(
        message,
        "`python3` ended with code 3 while it worked on the event"
    );
    let second = text(&mut harness, "b");
    assert_ne!(pid(&first), pid(&second));
    assert_reaped(pid(&first));
    harness.stop();
}

#[test]
fn one_that_died_meanwhile_fails_no_event() {
    let mut harness = start(echo(json!({})));
    let first = text(&mut harness, "a");
    let first = pid(&first);
    let killed = std::process::Command::new("kill")
        .args(["-9", first])
        .status();
    assert!(killed.unwrap().success());
    let stat = || std::fs::read_to_string(format!("/proc/{first}/stat")).unwrap_or_default();
    until(|| stat().is_empty() || stat().contains(") Z "));
    let second = text(&mut harness, "b");
    assert_ne!(first, pid(&second));
    harness.stop();
}

#[test]
fn one_that_dies_again_and_again_is_left_alone_for_a_while() {
    let restart = json!({ "restarts": 2, "within": "1h", "backoff": "1ms" });
    let mut harness = start(python("", keep(json!({ "restart": restart }))));
    for _ in 0..3 {
        assert_eq!(failed(&mut harness, "x").0, ErrorKind::Unavailable);
    }
    let error = ask(&mut harness, "x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.message().contains("started anew 2 times within"),
        "{error}"
    );
    assert!(error.detail("retry_after").unwrap().as_u64().unwrap() > 3000);
    harness.stop();
}

#[test]
fn one_that_hangs_is_killed_and_started_anew() {
    let mut harness = start(echo(json!({ "timeout": "2s" })));
    let first = text(&mut harness, "a");
    assert_eq!(failed(&mut harness, "hang").0, ErrorKind::Timeout);
    assert_reaped(pid(&first));
    // No answer of the old one is taken for one of the new one.
    assert!(text(&mut harness, "b").ends_with(" b"));
    harness.stop();
}

#[test]
fn one_that_closes_its_output_is_of_no_use() {
    let mut harness = start(echo(json!({})));
    let first = text(&mut harness, "a");
    let (kind, message) = failed(&mut harness, "close");
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(message.contains("has closed its output"), "{message}");
    assert_reaped(pid(&first));
    assert!(text(&mut harness, "b").ends_with(" b"));
    harness.stop();
}

#[test]
fn one_that_writes_too_much_is_killed() {
    let mut harness = start(echo(json!({ "max_output": "64KiB" })));
    let first = text(&mut harness, "a");
    assert_eq!(failed(&mut harness, "flood").0, ErrorKind::BadGateway);
    assert_reaped(pid(&first));
    assert!(text(&mut harness, "b").ends_with(" b"));
    harness.stop();
}

#[test]
fn one_that_does_not_read_holds_up_nobody_for_long() {
    let mut harness = start(python(
        "import time; time.sleep(1000)",
        keep(json!({ "timeout": "500ms" })),
    ));
    assert_eq!(
        failed(&mut harness, "x".repeat(1 << 20)).0,
        ErrorKind::Timeout
    );
    harness.stop();
}

#[test]
fn what_was_not_asked_for_is_no_answer_to_the_next_event() {
    // It has written both lines when the first can be read.
    let code = r#"
import os, sys
for line in sys.stdin: os.write(1, b"answer to %s and more\n" % line.encode())
"#;
    let mut harness = start(python(
        code,
        keep(json!({ "restart": { "restarts": 1000 } })),
    ));
    for number in 0..5 {
        assert_eq!(
            text(&mut harness, number.to_string()),
            format!("answer to {number}")
        );
    }
    harness.stop();
}

#[test]
fn a_line_break_does_not_stand_in_a_line() {
    let mut harness = start(echo(json!({})));
    let (kind, message) = failed(&mut harness, "two\nlines");
    assert_eq!(kind, ErrorKind::Unprocessable);
    assert!(message.contains("`frame: length`"), "{message}");
    assert!(text(&mut harness, "b").ends_with(" b"));
    harness.stop();
}

#[test]
fn frames_with_a_length_hold_anything() {
    let code = r#"
import sys
read, write = sys.stdin.buffer.read, sys.stdout.buffer.write
while head := read(4):
    data = read(int.from_bytes(head, "big"))
    write(head + data[::-1])
    sys.stdout.flush()
"#;
    let mut harness = start(python(code, keep(json!({ "frame": "length" }))));
    for size in [0, 1, 2, 70_000, 1_000_000] {
        let bytes: Vec<u8> = (0..size).map(|number: u32| number as u8).collect();
        let answer = ask(&mut harness, bytes.clone()).unwrap();
        let reversed: Vec<u8> = bytes.into_iter().rev().collect();
        assert_eq!(answer.bytes().unwrap(), reversed);
    }
    harness.stop();
}

#[test]
fn an_answer_that_is_none_has_it_started_anew() {
    let mut harness = start(echo(json!({ "envelope": true })));
    let (kind, message) = failed(&mut harness, "x");
    assert_eq!(kind, ErrorKind::BadGateway);
    assert!(message.contains("wrote what is no answer"), "{message}");
    harness.stop();
}

#[test]
fn several_processes_work_side_by_side_in_a_pool() {
    // Each instance of a pool is built from the settings, and has a process of its own.
    let mut first = start(echo(json!({})));
    let mut second = start(echo(json!({})));
    let pids = [text(&mut first, "x"), text(&mut second, "x")];
    assert_ne!(pid(&pids[0]), pid(&pids[1]));
    first.stop();
    second.stop();
}

#[test]
fn an_event_may_be_larger_than_any_pipe_both_ways() {
    let mut harness = start(echo(json!({})));
    let large = "x".repeat(3 << 20);
    let answer = text(&mut harness, Event::new(large.clone()));
    assert!(answer.ends_with(&large));
    harness.stop();
}
