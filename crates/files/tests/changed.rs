//! Files that change otherwise than by growing while they are read.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use compysition_core::Limits;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{
    A_WHILE, Directory, Log, append, before_passing, run_and_kill, runtime, start, texts,
};

#[test]
fn a_tail_that_is_written_over_is_read_from_its_beginning() {
    for (name, new) in [
        ("larger", "ONE\nTWO\nTHREE\n"),
        ("as-large", "ONE\nTWO\n"),
        ("far-larger", &"LINE\n".repeat(100)),
    ] {
        let log = Log::new();
        let directory = Directory::new(&format!("written-over-{name}"));
        let path = directory.path("a.log");
        append(&path, "one\ntwo\n");
        let settings =
            json!({ "path": path, "mode": "tail", "checkpoint": directory.path("state") });
        let mut harness = start(settings.clone());
        assert_eq!(texts(&mut harness), ["one", "two"]);
        // In its place, as `>` does it.
        fs::write(&path, new).unwrap();
        // Not at the same time, as it were for a coarse clock.
        let later = SystemTime::now() + Duration::from_secs(1);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(later).unwrap();
        let lines: Vec<&str> = new.lines().collect();
        assert_eq!(texts(&mut harness), lines, "{name}");
        let told = log.take("was written over in its place");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains(&path) && told[0].contains("read up to byte 8"),
            "{told:?}"
        );
        assert!(texts(&mut harness).is_empty());
        harness.stop();
        drop(harness);
        // The checkpoint is about what is there now.
        append(&path, "more\n");
        assert_eq!(run_and_kill(&settings, 9), ["more"], "{name}");
        assert!(log.take("WARN").is_empty());
    }
}

#[test]
fn a_tail_that_is_cut_off_is_told() {
    let log = Log::new();
    let directory = Directory::new("told-cut");
    let path = directory.path("a.log");
    append(&path, "one\ntwo\n");
    let mut harness = start(json!({ "path": path, "mode": "tail" }));
    assert_eq!(texts(&mut harness), ["one", "two"]);
    fs::write(&path, "x\n").unwrap();
    assert_eq!(texts(&mut harness), ["x"]);
    let told = log.take("was cut off, and is read from its beginning");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(&path), "{told:?}");
    harness.stop();
}

#[test]
fn a_tail_that_grows_by_little_is_the_same_file() {
    let log = Log::new();
    let directory = Directory::new("grows");
    let path = directory.path("a.log");
    append(&path, "");
    let settings = json!({ "path": path, "mode": "tail", "checkpoint": directory.path("state") });
    for round in 0..3 {
        let mut harness = start(settings.clone());
        for line in 0..20 {
            let line = format!("line {line} of round {round}");
            append(&path, &format!("{line}\n"));
            assert_eq!(texts(&mut harness), [line]);
        }
        harness.stop();
    }
    assert!(log.take("WARN").is_empty());
}

#[test]
fn what_is_under_way_of_a_file_says_nothing_of_the_one_that_it_is_written_over_with() {
    let directory = Directory::new("over-unsettled");
    let path = directory.path("a.log");
    append(&path, "one\ntwo\nthree\n");
    let settings = json!({ "path": path, "mode": "tail", "checkpoint": directory.path("state") });
    let (director, pass, seen) = before_passing(&settings, 1);
    let runtime = runtime();
    let new = "a new beginning\nand so on\n";
    runtime.block_on(async {
        let flow = director.start().await.unwrap();
        sleep(A_WHILE).await;
        fs::write(&path, new).unwrap();
        sleep(A_WHILE).await;
        pass.add_permits(2);
        sleep(A_WHILE).await;
        flow.abort().await;
    });
    assert_eq!(*seen.lock(), ["one", "two", "three", "a new beginning"]);
    assert_eq!(run_and_kill(&settings, 9), ["a new beginning", "and so on"]);
}

#[tokio::test(start_paused = true)]
async fn a_whole_file_that_is_written_on_while_it_waits_for_its_turn_is_waited_for_again() {
    let directory = Directory::new("turn");
    for number in 0..8 {
        append(&directory.path(&format!("{number}.txt")), "x");
    }
    let last = directory.path("7.txt");
    let settings = json!({ "path": directory.path("*.txt"), "ready": { "stable": "10s" } });
    let (mut director, pass, seen) = before_passing(&settings, 0);
    director.set_limits(Limits {
        roots: 3,
        ..Limits::default()
    });
    let flow = director.start().await.unwrap();
    sleep(5 * A_WHILE).await;
    assert_eq!(seen.lock().len(), 1, "the others wait");
    append(&last, " and half");
    pass.add_permits(99);
    sleep(2 * A_WHILE).await;
    assert_eq!(*seen.lock(), ["x"; 7]);
    append(&last, " a line");
    sleep(5 * A_WHILE).await;
    assert_eq!(seen.lock()[7..], ["x and half a line"]);
    flow.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_replaced_while_it_waits_for_its_turn_is_not_told_as_gone() {
    let log = Log::new();
    let directory = Directory::new("turn-replaced");
    for number in 0..8 {
        append(&directory.path(&format!("{number}.txt")), "x");
    }
    let settings = json!({ "path": directory.path("*.txt"), "ready": { "stable": "10s" } });
    let (mut director, pass, seen) = before_passing(&settings, 0);
    director.set_limits(Limits {
        roots: 3,
        ..Limits::default()
    });
    let flow = director.start().await.unwrap();
    sleep(5 * A_WHILE).await;
    assert_eq!(seen.lock().len(), 1, "the others wait");
    append(&directory.path("new"), "another");
    fs::rename(directory.path("new"), directory.path("7.txt")).unwrap();
    pass.add_permits(99);
    sleep(7 * A_WHILE).await;
    assert_eq!(seen.lock()[7..], ["another"]);
    assert!(log.take("is gone").is_empty());
    flow.stop().await;
}

#[test]
fn a_tail_that_is_moved_before_it_is_opened_goes_on_under_its_other_name() {
    let directory = Directory::new("turn-moved");
    let (path, moved) = (directory.path("b.log"), directory.path("c.log"));
    append(&path, "one\n");
    let settings = json!({
        "path": directory.path("*.log"), "mode": "tail", "checkpoint": directory.path("state"),
    });
    assert_eq!(run_and_kill(&settings, 9), ["one"]);
    append(&path, "two\n");
    append(&directory.path("a.log"), &"x\n".repeat(8));
    let (mut director, pass, seen) = before_passing(&settings, 0);
    director.set_limits(Limits {
        roots: 3,
        ..Limits::default()
    });
    let runtime = runtime();
    runtime.block_on(async {
        let flow = director.start().await.unwrap();
        sleep(A_WHILE).await;
        assert_eq!(seen.lock().len(), 1, "the others wait");
        fs::rename(&path, &moved).unwrap();
        pass.add_permits(99);
        sleep(2 * A_WHILE).await;
        flow.stop().await;
    });
    assert_eq!(seen.lock()[8..], ["two"]);
}
