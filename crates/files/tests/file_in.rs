//! `file_in`, as flows and directories see it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::time::Duration;

use compysition_core::ErrorKind;
use compysition_core::testing::Harness;
use compysition_files::FileIn;
use serde_json::{Value, json};

use crate::support::{A_WHILE, Directory, append, run_and_kill, start, texts};

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
fn so_it_does_where_lines_are_longer_in_the_file_than_in_their_events() {
    let directory = Directory::new("killed-encoded");
    let path = directory.path("a.log");
    fs::write(&path, b"\xe9in\r\nzw\xe9i\ndr\xe9i\r\n").unwrap();
    let settings = json!({
        "path": path, "mode": "tail", "checkpoint": directory.path("state"),
        "codec": { "lines": { "charset": "iso-8859-1" } },
    });
    assert_eq!(run_and_kill(&settings, 1), ["éin", "zwéi"]);
    assert_eq!(run_and_kill(&settings, 1), ["zwéi", "dréi"]);
    assert_eq!(run_and_kill(&settings, 9), ["dréi"]);
    assert!(run_and_kill(&settings, 9).is_empty());
}

#[test]
fn so_it_does_behind_a_byte_order_mark_and_behind_what_is_too_large() {
    for (name, first, rest) in [
        ("mark", "\u{feff}", "one\ntwo\n"),
        ("large", "a line that is ", "much too large\none\ntwo\n"),
    ] {
        let directory = Directory::new(&format!("killed-behind-{name}"));
        let path = directory.path("a.log");
        append(&path, first);
        let settings = json!({
            "path": path, "mode": "tail", "checkpoint": directory.path("state"), "codec": "lines", "max_record": 10,
        });
        let mut harness = start(settings.clone());
        assert!(texts(&mut harness).is_empty());
        append(&path, rest);
        assert_eq!(texts(&mut harness), ["one", "two"], "{name}");
        harness.stop();
        drop(harness);
        append(&path, "three\n");
        assert_eq!(run_and_kill(&settings, 9), ["three"], "{name}");
    }
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
fn settings_that_cannot_be_are_refused() {
    let message = refused(json!({ "path": "a[", "mode": "tail" }));
    assert!(message.contains("is no pattern"), "{message}");
    let message = refused(json!({ "path": "in/" }));
    assert!(message.contains("`in/*` names all"), "{message}");
    let message = refused(json!({ "path": "a", "mode": "tail", "delivered": "delete" }));
    assert!(message.contains("never done"), "{message}");
    let message = refused(json!({ "path": "a", "mode": "tail", "codec": "text" }));
    assert!(message.contains("has no end"), "{message}");
    for (settings, expected) in [
        (json!({ "batch": 0 }), "expected a nonzero"),
        (
            json!({ "max_record": 0 }),
            "`max_record: 0` has no room for a record",
        ),
        (
            json!({ "poll": "0s" }),
            "`poll: 0s` would look without a pause",
        ),
        (json!({ "poll": 0 }), "`poll: 0` would look without a pause"),
        (
            json!({ "checkpoint_every": "2s" }),
            "`checkpoint_every` needs a `checkpoint`",
        ),
        (
            json!({ "start": "end" }),
            "`start: end` is for `mode: tail`",
        ),
        (
            json!({ "mode": "tail", "ready": { "stable": "2s" } }),
            "`ready` is for `mode: whole`",
        ),
    ] {
        let mut all = json!({ "path": "a" });
        let settings = settings.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(settings);
        let message = refused(all.clone());
        assert!(message.contains(expected), "{all}: {message}");
    }
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
