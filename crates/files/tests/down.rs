//! What becomes of files while the program is down.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::sync::Arc;

use compysition_core::Director;
use compysition_files::FileIn;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use crate::support::{Directory, Log, Passing, append, start, texts};

fn settings(directory: &Directory) -> Value {
    json!({
        "path": directory.path("in/*.log"), "mode": "tail", "checkpoint": directory.path("state"),
    })
}

/// Runs it for a while, and returns what came.
fn run(settings: &Value) -> Vec<String> {
    let mut harness = start(settings.clone());
    let mut seen = texts(&mut harness);
    seen.extend(texts(&mut harness));
    harness.stop();
    seen.sort();
    seen
}

#[test]
fn a_log_that_is_moved_aside_meanwhile_is_read_on() {
    let log = Log::new();
    let directory = Directory::new("down-aside");
    fs::create_dir(directory.path("in")).unwrap();
    let (path, aside) = (directory.path("in/a.log"), directory.path("in/a.log.1"));
    append(&path, "one\n");
    let settings = settings(&directory);
    assert_eq!(run(&settings), ["one"]);
    append(&path, "two\n");
    fs::rename(&path, &aside).unwrap();
    append(&path, "three\n");
    assert_eq!(run(&settings), ["three", "two"]);
    let told = log.take("was moved to");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(&aside) && told[0].contains("from byte 4"),
        "{told:?}"
    );
    assert!(run(&settings).is_empty());
    assert!(log.take("file `").is_empty(), "it is done");
}

#[test]
fn one_that_is_gone_is_told() {
    let log = Log::new();
    let directory = Directory::new("down-gone");
    fs::create_dir(directory.path("in")).unwrap();
    let path = directory.path("in/a.log");
    append(&path, "one\n");
    let settings = settings(&directory);
    assert_eq!(run(&settings), ["one"]);
    append(&path, "two\n");
    fs::rename(&path, directory.path("a.log.1")).unwrap();
    append(&path, "three\n");
    assert_eq!(run(&settings), ["three"]);
    let told = log.take("is gone, of which the checkpoint knows that all is done up to byte 4");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(&path), "{told:?}");
    assert!(run(&settings).is_empty());
    assert!(log.take("is gone").is_empty(), "that is told once");
}

#[test]
fn so_is_one_that_is_written_over_in_its_place() {
    let log = Log::new();
    let directory = Directory::new("down-over");
    fs::create_dir(directory.path("in")).unwrap();
    let path = directory.path("in/a.log");
    append(&path, "one\n");
    let settings = settings(&directory);
    assert_eq!(run(&settings), ["one"]);
    fs::write(&path, "another\n").unwrap();
    assert_eq!(run(&settings), ["another"]);
    let told = log.take("is not what the checkpoint knows");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(&path) && told[0].contains("up to byte 4"),
        "{told:?}"
    );
}

#[test]
fn what_is_known_of_files_is_kept_while_their_directory_is_away() {
    let log = Log::new();
    let directory = Directory::new("down-away");
    let (path, away) = (directory.path("in"), directory.path("away"));
    fs::create_dir(&path).unwrap();
    append(&directory.path("in/a.log"), "one\n");
    let settings = settings(&directory);
    assert_eq!(run(&settings), ["one"]);
    fs::rename(&path, &away).unwrap();
    assert!(run(&settings).is_empty());
    let mut harness = start(settings);
    assert!(texts(&mut harness).is_empty());
    fs::rename(&away, &path).unwrap();
    append(&directory.path("in/a.log"), "two\n");
    assert_eq!(texts(&mut harness), ["two"]);
    harness.stop();
    assert!(log.take("file `").is_empty());
}

#[test]
fn a_tail_that_begins_at_the_end_misses_nothing_that_comes_between_two_runs() {
    let directory = Directory::new("down-end");
    fs::create_dir(directory.path("in")).unwrap();
    append(&directory.path("in/a.log"), "old\n");
    let mut settings = settings(&directory);
    settings["start"] = "end".into();
    assert!(run(&settings).is_empty());
    append(&directory.path("in/a.log"), "new\n");
    append(&directory.path("in/b.log"), "other\n");
    assert_eq!(run(&settings), ["new", "other"]);
}

#[test]
fn who_is_stopped_while_it_looks_for_files_forgets_none() {
    let directory = Directory::new("down-looking");
    fs::create_dir(directory.path("in")).unwrap();
    for number in 0..20 {
        append(&directory.path(&format!("in/{number}.log")), "one\n");
    }
    let settings = settings(&directory);
    assert_eq!(run(&settings).len(), 20);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    for round in 0..200 {
        let (all, seen) = (Arc::new(Semaphore::new(99)), Arc::default());
        let mut director = Director::new("looking");
        let actor: FileIn = serde_json::from_value(settings.clone()).unwrap();
        let files = director.register("files", actor);
        let passing = director.register("passing", Passing(all, Arc::clone(&seen)));
        director.connect(files, passing);
        runtime.block_on(async {
            let flow = director.start().await.unwrap();
            for _ in 0..round {
                yield_now().await;
            }
            flow.stop().await;
        });
        assert!(seen.lock().is_empty(), "what was read came again");
    }
}
