//! What is there and cannot be looked at, or opened, for a while.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Arc;

use compysition_core::Director;
use compysition_files::FileIn;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::support::{A_WHILE, Directory, Log, Passing, append, start, texts};

/// Puts a file or directory where nobody looks, and something in its place that cannot be looked at: a link to itself.
fn hide(directory: &Directory, name: &str) {
    let path = directory.path(name);
    fs::rename(&path, directory.path("hidden")).unwrap();
    symlink(&path, &path).unwrap();
}

fn unhide(directory: &Directory, name: &str) {
    let path = directory.path(name);
    fs::remove_file(&path).unwrap();
    fs::rename(directory.path("hidden"), &path).unwrap();
}

fn run(settings: &Value) -> Vec<String> {
    let mut harness = start(settings.clone());
    let seen = texts(&mut harness);
    harness.stop();
    seen
}

#[test]
fn a_tail_is_read_on_while_its_directory_cannot_be_looked_at_and_after_that() {
    for (round, hidden) in ["in", "in/a.log"].into_iter().enumerate() {
        let directory = Directory::new(&format!("away-tail-{round}"));
        fs::create_dir(directory.path("in")).unwrap();
        append(&directory.path("in/a.log"), "one\n");
        let settings = json!({ "path": directory.path("in/*.log"), "mode": "tail" });
        let mut harness = start(settings);
        assert_eq!(texts(&mut harness), ["one"]);
        hide(&directory, hidden);
        for _ in 0..4 {
            assert!(texts(&mut harness).is_empty(), "{hidden}");
        }
        let open = ["hidden/a.log", "hidden"][round];
        append(&directory.path(open), "two\n");
        assert_eq!(texts(&mut harness), ["two"], "{hidden}");
        unhide(&directory, hidden);
        append(&directory.path("in/a.log"), "three\n");
        assert_eq!(texts(&mut harness), ["three"], "{hidden}");
        harness.stop();
    }
}

#[test]
fn a_whole_file_that_stays_is_not_read_again_when_it_could_not_be_looked_at() {
    for (round, hidden) in ["in", "in/a.txt"].into_iter().enumerate() {
        let directory = Directory::new(&format!("away-whole-{round}"));
        fs::create_dir(directory.path("in")).unwrap();
        append(&directory.path("in/a.txt"), "one");
        let mut harness = start(json!({ "path": directory.path("in/*.txt") }));
        assert_eq!(texts(&mut harness), ["one"]);
        hide(&directory, hidden);
        assert!(texts(&mut harness).is_empty());
        unhide(&directory, hidden);
        assert!(texts(&mut harness).is_empty(), "{hidden}");
        harness.stop();
    }
}

#[tokio::test(start_paused = true)]
async fn nor_is_one_that_could_not_be_looked_at_when_its_event_had_settled() {
    let directory = Directory::new("away-settled");
    fs::create_dir(directory.path("in")).unwrap();
    append(&directory.path("in/a.txt"), "one");
    let settings = json!({ "path": directory.path("in/*.txt") });
    let (pass, seen) = (Arc::new(Semaphore::new(0)), Arc::default());
    let mut director = Director::new("away");
    let actor: FileIn = serde_json::from_value(settings).unwrap();
    let files = director.register("files", actor);
    let passing = director.register("passing", Passing(pass.clone(), Arc::clone(&seen)));
    director.connect(files, passing);
    let flow = director.start().await.unwrap();
    sleep(A_WHILE).await;
    hide(&directory, "in");
    pass.add_permits(9);
    sleep(A_WHILE).await;
    unhide(&directory, "in");
    sleep(A_WHILE).await;
    assert_eq!(*seen.lock(), ["one"]);
    flow.stop().await;
}

#[test]
fn what_is_gone_is_so_though_something_else_cannot_be_looked_at() {
    let directory = Directory::new("away-other");
    append(&directory.path("a.log"), "one\n");
    symlink(directory.path("b.log"), directory.path("b.log")).unwrap();
    let mut harness = start(json!({ "path": directory.path("*.log"), "mode": "tail" }));
    assert_eq!(texts(&mut harness), ["one"]);
    append(&directory.path("a.log"), "last");
    fs::remove_file(directory.path("a.log")).unwrap();
    assert!(texts(&mut harness).is_empty(), "it may go on");
    let seen = [texts(&mut harness), texts(&mut harness)].concat();
    assert_eq!(seen, ["last"]);
    harness.stop();
}

#[test]
fn what_the_last_run_knew_is_kept_while_a_file_cannot_be_looked_at() {
    let log = Log::new();
    let directory = Directory::new("away-before");
    fs::create_dir(directory.path("in")).unwrap();
    let path = directory.path("in/a.log");
    append(&path, "one\n");
    let settings = json!({
        "path": directory.path("in/*.log"), "mode": "tail", "checkpoint": directory.path("state"),
    });
    assert_eq!(run(&settings), ["one"]);
    hide(&directory, "in/a.log");
    assert!(run(&settings).is_empty());
    unhide(&directory, "in/a.log");
    append(&path, "two\n");
    assert_eq!(run(&settings), ["two"]);
    assert!(log.take("the file `").is_empty());
}

#[test]
fn a_file_that_cannot_be_opened_at_a_start_is_read_on_at_a_later_one() {
    let log = Log::new();
    let directory = Directory::new("away-closed");
    let path = directory.path("a.log");
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    append(&path, "one\n");
    let settings = json!({ "path": path, "mode": "tail", "checkpoint": directory.path("state") });
    assert_eq!(run(&settings), ["one"]);
    let known = directory.read("state");
    // A mode does not keep root from it.
    if fs::metadata(directory.path("")).unwrap().uid() != 0 {
        mode(0o000);
        assert!(run(&settings).is_empty());
        mode(0o600);
        assert_eq!(directory.read("state"), known);
    }
    // So older versions left it then.
    let headless = ["two", "three"]
        .into_iter()
        .zip([0, 0x2d06_8005_38d3_94c2_u64]);
    for (line, head) in headless {
        append(&path, &format!("{line}\n"));
        let mut state: Value = serde_json::from_str(&directory.read("state")).unwrap();
        state["files"][0]["head"] = head.into();
        fs::write(directory.path("state"), state.to_string()).unwrap();
        assert_eq!(run(&settings), [line]);
    }
    assert!(log.take("WARN").is_empty());
}
