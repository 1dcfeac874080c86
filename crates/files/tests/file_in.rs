//! `file_in`, as flows and directories see it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::testing::Harness;
use compysition_core::{Director, ErrorKind, Limits};
use compysition_files::FileIn;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Directory, Passing, append};

/// More than the time between two looks, or that a file must not change.
const A_WHILE: Duration = Duration::from_millis(3500);

fn start(settings: Value) -> Harness {
    Harness::new(serde_json::from_value::<FileIn>(settings).unwrap())
}

/// Lets the harness's time pass, and returns the texts that came.
fn texts(harness: &mut Harness) -> Vec<String> {
    harness.advance(A_WHILE);
    let events = harness.take();
    let texts = events.iter().map(|event| event.text().unwrap().to_owned());
    texts.collect()
}

fn refused(settings: Value) -> String {
    let built = serde_json::from_value::<FileIn>(settings);
    built.err().unwrap().to_string()
}

#[test]
fn a_whole_file_is_an_event_and_is_moved_when_that_has_settled() {
    let directory = Directory::new("whole");
    let done = directory.path("done");
    fs::create_dir(&done).unwrap();
    fs::write(directory.path("done/a.json"), "an older one").unwrap();
    fs::write(directory.path("a.json"), "{\"a\":1}").unwrap();
    fs::write(directory.path("b.txt"), "not meant").unwrap();
    fs::write(directory.path(".c.json"), "hidden").unwrap();
    let mut harness =
        start(json!({ "path": directory.path("**/*.json"), "delivered": { "move": done } }));
    harness.advance(A_WHILE);
    let events = harness.take();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(*events[0].json().unwrap(), json!({"a": 1}));
    assert_eq!(
        events[0].lookup("attributes.file_name"),
        Some(json!("a.json"))
    );
    drop(events);
    harness.advance(A_WHILE);
    assert_eq!(directory.names(), [".c.json", "b.txt", "done"]);
    assert_eq!(directory.read("done/a.json"), "an older one");
    assert_eq!(directory.read("done/a.json.1"), "{\"a\":1}");
    fs::write(directory.path("a.json"), "again").unwrap();
    assert_eq!(texts(&mut harness), ["again"]);
    harness.stop();
}

#[test]
fn a_file_that_is_still_written_waits() {
    let directory = Directory::new("stable");
    let path = directory.path("a.txt");
    let settings = json!({ "path": path, "ready": { "stable": "10s" }, "delivered": "delete" });
    let mut harness = start(settings);
    append(&path, "one ");
    assert!(texts(&mut harness).is_empty());
    append(&path, "two");
    for _ in 0..2 {
        assert!(texts(&mut harness).is_empty());
    }
    harness.advance(Duration::from_secs(10));
    assert_eq!(texts(&mut harness), ["one two"]);
    assert!(texts(&mut harness).is_empty());
    assert!(directory.names().is_empty());
    harness.stop();
}

#[test]
fn each_record_is_an_event_and_a_bad_one_fails_the_file() {
    let directory = Directory::new("records");
    fs::write(directory.path("a.jsonl"), "{\"a\":1}\n{oops\n{\"a\":3}\n").unwrap();
    let failed = directory.path("failed");
    let settings = json!({
        "path": directory.path("*.jsonl"), "codec": "json_lines",
        "delivered": "delete", "failed": { "move": failed },
    });
    let mut harness = start(settings);
    assert_eq!(texts(&mut harness), ["{\"a\":1}", "{\"a\":3}"]);
    let errors = harness.take_from("error");
    let error = &errors[0].error().unwrap().error;
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let message = error.to_string();
    assert!(
        message.contains("a.jsonl") && message.contains("record 2"),
        "{message}"
    );
    drop(errors);
    harness.advance(A_WHILE);
    assert_eq!(directory.names(), ["failed"]);
    harness.stop();
}

#[test]
fn a_file_that_stays_is_read_again_only_when_it_changes() {
    let directory = Directory::new("stays");
    fs::write(directory.path("a.txt"), "one").unwrap();
    let mut harness = start(json!({ "path": directory.path("*") }));
    assert_eq!(texts(&mut harness), ["one"]);
    assert!(texts(&mut harness).is_empty());
    append(&directory.path("a.txt"), " two");
    assert_eq!(texts(&mut harness), ["one two"]);
    harness.stop();
}

#[test]
fn a_tail_follows_what_is_written_moved_away_and_cut_off() {
    let directory = Directory::new("tail");
    let path = directory.path("app.log");
    append(&path, "one\ntw");
    let mut harness = start(json!({ "path": directory.path("*.log"), "mode": "tail" }));
    assert_eq!(texts(&mut harness), ["one"]);
    append(&path, "o\nthree\n");
    assert_eq!(texts(&mut harness), ["two", "three"]);
    fs::rename(&path, directory.path("app.log.1")).unwrap();
    append(&directory.path("app.log.1"), "late\nlast");
    append(&path, "new\n");
    let mut seen = texts(&mut harness);
    seen.extend(texts(&mut harness));
    seen.sort();
    assert_eq!(seen, ["last", "late", "new"]);
    fs::write(&path, "").unwrap();
    assert!(texts(&mut harness).is_empty());
    append(&path, "anew\n");
    assert_eq!(texts(&mut harness), ["anew"]);
    harness.stop();
}

#[test]
fn a_tail_may_begin_at_the_end() {
    let directory = Directory::new("end");
    append(&directory.path("a.log"), "old\n");
    let mut harness =
        start(json!({ "path": directory.path("*.log"), "mode": "tail", "start": "end" }));
    assert!(texts(&mut harness).is_empty());
    append(&directory.path("a.log"), "new\n");
    append(&directory.path("b.log"), "other\n");
    let mut seen = texts(&mut harness);
    seen.sort();
    assert_eq!(seen, ["new", "other"]);
    harness.stop();
}

#[test]
fn a_restart_goes_on_behind_what_had_settled() {
    let directory = Directory::new("checkpoint");
    let path = directory.path("a.log");
    append(&path, "one\ntwo\nthree\n");
    let settings = json!({ "path": path, "mode": "tail", "checkpoint": directory.path("state") });
    let mut harness = start(settings.clone());
    assert_eq!(texts(&mut harness), ["one", "two", "three"]);
    harness.stop();
    drop(harness);
    // After a stop nothing comes again.
    append(&path, "five\n");
    let mut harness = start(settings.clone());
    assert_eq!(texts(&mut harness), ["five"]);
    harness.stop();
    drop(harness);
    // Another file in its place is read from its beginning, however long it is.
    fs::remove_file(&path).unwrap();
    let lines: Vec<String> = (100..120).map(|line| line.to_string()).collect();
    append(&path, &(lines.join("\n") + "\n"));
    let mut harness = start(settings);
    assert_eq!(texts(&mut harness), lines);
    harness.stop();
}

/// Runs `file_in` for a while before an actor that lets so many events pass, and ends that as a kill would.
fn run_and_kill(settings: &Value, pass: usize) -> Vec<String> {
    run_within(Limits::default(), settings, pass)
}

fn run_within(limits: Limits, settings: &Value, pass: usize) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let mut director = Director::new("killed");
    director.set_limits(limits);
    let actor = serde_json::from_value::<FileIn>(settings.clone()).unwrap();
    let files = director.register("files", actor);
    let passing = Passing(Arc::new(Semaphore::new(pass)), seen.clone());
    let passing = director.register("passing", passing);
    director.connect(files, passing);
    runtime.block_on(async {
        let flow = director.start().await.unwrap();
        tokio::time::sleep(A_WHILE).await;
        flow.abort().await;
    });
    let seen = seen.lock();
    seen.clone()
}

#[test]
fn what_was_under_way_at_a_kill_comes_again() {
    let directory = Directory::new("killed");
    let path = directory.path("a.log");
    append(&path, "one\ntwo\nthree\n");
    let settings = json!({ "path": path, "mode": "tail", "checkpoint": directory.path("state") });
    assert_eq!(run_and_kill(&settings, 1), ["one", "two"]);
    assert_eq!(run_and_kill(&settings, 0), ["two"]);
    assert_eq!(run_and_kill(&settings, 9), ["two", "three"]);
    assert!(run_and_kill(&settings, 9).is_empty());
}

#[test]
fn a_file_is_not_put_aside_before_its_events_have_settled() {
    let directory = Directory::new("unsettled");
    fs::write(directory.path("a.txt"), "one\ntwo\n").unwrap();
    let settings =
        json!({ "path": directory.path("a.txt"), "codec": "lines", "delivered": "delete" });
    assert_eq!(run_and_kill(&settings, 1), ["one", "two"]);
    assert_eq!(directory.names(), ["a.txt"]);
    assert_eq!(run_and_kill(&settings, 2), ["one", "two"]);
    assert!(directory.names().is_empty());
}

#[test]
fn whole_files_are_remembered_across_restarts() {
    let directory = Directory::new("remembered");
    fs::write(directory.path("a.txt"), "one").unwrap();
    let settings =
        json!({ "path": directory.path("*.txt"), "checkpoint": directory.path("state") });
    let mut harness = start(settings.clone());
    assert_eq!(texts(&mut harness), ["one"]);
    harness.stop();
    drop(harness);
    fs::write(directory.path("b.txt"), "two").unwrap();
    let mut harness = start(settings);
    assert_eq!(texts(&mut harness), ["two"]);
    harness.stop();
}

#[test]
fn a_broken_checkpoint_stops_the_start() {
    let directory = Directory::new("broken");
    fs::write(directory.path("state"), "{").unwrap();
    let settings = json!({ "path": "x", "mode": "tail", "checkpoint": directory.path("state") });
    let actor = serde_json::from_value::<FileIn>(settings).unwrap();
    let error = Harness::of(actor).try_start().err().unwrap().to_string();
    assert!(
        error.contains("cannot read the checkpoint") && error.contains("remove it"),
        "{error}"
    );
}

#[test]
fn a_line_that_is_too_large_fails_alone() {
    let directory = Directory::new("huge");
    let huge = "x".repeat(1 << 20);
    for (name, line) in [("a.log", &*huge), ("b.log", &huge[..200])] {
        append(&directory.path(name), &format!("one\n{line}\ntwo\n"));
        let settings = json!({ "path": directory.path(name), "mode": "tail", "max_record": 100 });
        let mut harness = start(settings);
        assert_eq!(texts(&mut harness), ["one", "two"], "{name}");
        let errors = harness.take_from("error");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].error().unwrap().error.kind(), ErrorKind::TooLarge);
        drop(errors);
        harness.stop();
    }
}

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

#[test]
fn settings_that_cannot_be_are_refused() {
    let message = refused(json!({ "path": "a[", "mode": "tail" }));
    assert!(message.contains("is no pattern"), "{message}");
    let message = refused(json!({ "path": "in/" }));
    assert!(message.contains("`in/*` names all"), "{message}");
    let message = refused(json!({ "path": "a", "mode": "tail", "delivered": "delete" }));
    assert!(message.contains("never done"), "{message}");
    let message = refused(json!({ "path": "a", "mode": "tail", "codec": "text" }));
    assert!(message.contains("has no end"), "{message}");
}

#[test]
fn a_schedule_says_when_files_are_looked_for() {
    let directory = Directory::new("schedule");
    let settings = json!({
        "path": directory.path("*.txt"), "poll": { "cron": "*/5 * * * *" },
        "ready": { "stable": "5s" }, "delivered": "delete",
    });
    let mut harness = start(settings);
    // Begins just behind a time of the schedule, wherever the clock is now.
    fs::write(directory.path("first.txt"), "first").unwrap();
    while texts(&mut harness).is_empty() {}
    fs::write(directory.path("second.txt"), "second").unwrap();
    harness.advance(Duration::from_secs(240));
    assert!(harness.take().is_empty());
    // It is seen at the next time, and read as soon as it is known to be ready.
    harness.advance(Duration::from_secs(70));
    assert_eq!(texts(&mut harness), ["second"]);
    harness.stop();
}

#[test]
fn what_is_no_schedule_is_refused() {
    let settings = |poll: Value| json!({ "path": "*.txt", "poll": poll });
    let error = refused(settings(json!({ "cron": "* * 32 * *" })));
    assert!(
        error.contains("the day `32` is not within 1 to 31 (column 5)"),
        "{error}"
    );
    let error = refused(settings(json!({ "cron": "@daily", "time_zone": "Mars" })));
    assert!(error.contains("`Mars` is no time zone"), "{error}");
    let error = refused(settings(json!("often")));
    assert!(error.contains("`often` is no time"), "{error}");
    let error = refused(settings(json!([1])));
    assert!(
        error.contains("a time, such as 10s, or a map with `cron`"),
        "{error}"
    );
}

#[test]
fn a_flow_file_says_schedules_in_the_same_way() {
    let mut registry = compysition_core::Registry::new();
    compysition_files::register(&mut registry);
    let build = |poll: &str| {
        let yaml = format!("file_in:\n  path: in/*.xml\n  poll: {poll}\n  ready: {{ stable: 5s }}");
        compysition_flow::testing::actor(&registry, &yaml)
    };
    for poll in [
        r#"{ cron: "*/5 * * * *" }"#,
        "10s",
        "10",
        "{ cron: '@daily', time_zone: Asia/Tokyo }",
    ] {
        if let Err(error) = build(poll) {
            panic!("{error}");
        }
    }
    let error = build(r#"{ cron: "*/5 * * * * * *" }"#)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("it has 7 fields") && error.contains("actor.yaml:3:"),
        "{error}"
    );
}
