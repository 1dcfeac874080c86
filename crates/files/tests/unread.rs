//! What has a name that matches, and is not read.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::json;

use crate::support::{Directory, Log, append, start, texts};

#[test]
fn what_is_no_file_is_told_once() {
    let log = Log::new();
    let directory = Directory::new("no-files");
    fs::create_dir(directory.path("sub.txt")).unwrap();
    symlink(directory.path("none"), directory.path("link.txt")).unwrap();
    let pipe = directory.path("pipe.txt");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    append(&directory.path("a.txt"), "one");
    fs::create_dir(directory.path("done.txt")).unwrap();
    let settings = json!({
        "path": directory.path("*.txt"), "delivered": { "move": directory.path("done.txt") },
    });
    let mut harness = start(settings);
    assert_eq!(texts(&mut harness), ["one"]);
    let told = log.take("WARN");
    assert_eq!(told.len(), 3, "{told:?}");
    let expected = [
        ("link.txt", "is a link that leads to no file, and not read"),
        ("pipe.txt", "is no file, but a pipe or the like"),
        ("sub.txt", "is a directory and not read"),
    ];
    for (told, (name, why)) in told.iter().zip(expected) {
        assert!(told.contains(name) && told.contains(why), "{told}");
    }
    assert!(texts(&mut harness).is_empty());
    assert!(log.take("WARN").is_empty(), "told twice");
    // A link may lead somewhere later.
    append(&directory.path("none"), "two");
    assert_eq!(texts(&mut harness), ["two"]);
    harness.stop();
}

#[test]
fn directories_that_are_walked_are_not_told() {
    let log = Log::new();
    let directory = Directory::new("walked");
    fs::create_dir(directory.path("sub")).unwrap();
    append(&directory.path("sub/a"), "one");
    let mut harness = start(json!({ "path": directory.path("**/*") }));
    assert_eq!(texts(&mut harness), ["one"]);
    assert!(log.take("WARN").is_empty());
    harness.stop();
}
