//! The file that remembers how far files were read.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use compysition_core::testing::Harness;
use compysition_files::FileIn;
use serde_json::{Value, json};

use crate::support::{Directory, append, run_and_kill, start, texts};

fn refused(settings: &Value) -> String {
    let actor = serde_json::from_value::<FileIn>(settings.clone()).unwrap();
    let started = Harness::of(actor).try_start();
    started.err().unwrap().to_string()
}

#[test]
fn a_checkpoint_that_is_in_use_stops_the_start() {
    let directory = Directory::new("in-use");
    append(&directory.path("a.log"), "one\n");
    let settings = json!({
        "path": directory.path("a.log"), "mode": "tail", "checkpoint": directory.path("made/state"),
    });
    let mut harness = start(settings.clone());
    assert_eq!(texts(&mut harness), ["one"]);
    let error = refused(&settings);
    let expected = format!(
        "the checkpoint `{}` is in use by another `file_in`, in process {}",
        directory.path("made/state"),
        std::process::id()
    );
    assert!(error.contains(&expected), "{error}");
    // Also when it was written anew, which puts another file in its place.
    append(&directory.path("a.log"), "two\n");
    assert_eq!(texts(&mut harness), ["two"]);
    assert!(refused(&settings).contains("is in use"));
    harness.stop();
    drop(harness);
    append(&directory.path("a.log"), "three\n");
    // Who is killed leaves no lock behind.
    assert_eq!(run_and_kill(&settings, 0), ["three"]);
    assert_eq!(run_and_kill(&settings, 9), ["three"]);
}

#[test]
fn an_empty_one_is_told_as_that() {
    let directory = Directory::new("empty");
    fs::write(directory.path("state"), "").unwrap();
    let settings = json!({ "path": "x", "mode": "tail", "checkpoint": directory.path("state") });
    let error = refused(&settings);
    let expected = format!(
        "cannot read the checkpoint `{}`: it is empty",
        directory.path("state")
    );
    assert!(error.contains(&expected), "{error}");
    assert!(
        error.contains("put a copy of it back, or remove it to read all files anew"),
        "{error}"
    );
}
