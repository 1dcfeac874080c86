//! `file_out`, as events and readers of files see it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::sync::Arc;

use compysition_core::testing::Harness;
use compysition_core::{Error, ErrorKind, Event, Payload, Result, Xml, XmlTree};
use compysition_files::FileOut;
use serde_json::{Value, json};

use crate::support::Directory;

fn named(text: &str, name: &str) -> Event {
    let mut event = Event::new(text).with_attribute("name", name);
    event.set_meta_id("s");
    event
}

fn start(settings: Value) -> Harness {
    Harness::new(serde_json::from_value::<FileOut>(settings).unwrap())
}

fn refused(settings: Value) -> String {
    let built = serde_json::from_value::<FileOut>(settings);
    built.err().unwrap().to_string()
}

#[test]
fn appends_each_payload_and_passes_the_event_on() {
    let directory = Directory::new("append");
    fs::write(directory.path("a.txt"), "before\n").unwrap();
    let mut harness = start(json!({ "path": directory.path("a.txt") }));
    let events = ["one", "two\n", "three\nfour", ""].map(Event::from);
    for event in events {
        harness.send(event);
    }
    harness.send(json!({"five": 5}));
    let passed = harness.take();
    assert_eq!(passed.len(), 5);
    assert_eq!(passed[0].text().unwrap(), "one");
    assert_eq!(
        directory.read("a.txt"),
        "before\none\ntwo\nthree\nfour\n\n{\"five\":5}\n"
    );
}

#[test]
fn the_path_is_made_of_the_event_and_directories_as_needed() {
    let directory = Directory::new("template");
    let path = directory.path("{{ meta_id }}/{{ attributes.name }}.txt");
    let mut harness = start(json!({ "path": path }));
    for name in ["x", "y", "x"] {
        harness.send(named(name, name));
    }
    assert_eq!(directory.read("s/x.txt"), "x\nx\n");
    assert_eq!(directory.read("s/y.txt"), "y\n");
    harness.take();
    harness.send(named("bad", "../../../etc/x"));
    let errors = harness.take_from("error");
    assert_eq!(
        errors[0].error().unwrap().error.kind(),
        ErrorKind::Unprocessable
    );
    assert_eq!(directory.names(), ["s"]);
}

#[test]
fn a_replaced_file_has_the_last_payload_and_nothing_is_left_beside_it() {
    let directory = Directory::new("replace");
    let mut harness = start(json!({ "path": directory.path("sub/a.txt"), "mode": "replace" }));
    harness.send("a long first one");
    harness.send("second");
    assert_eq!(directory.read("sub/a.txt"), "second");
    assert_eq!(fs::read_dir(directory.path("sub")).unwrap().count(), 1);
    assert_eq!(harness.take().len(), 2);
}

#[test]
fn what_cannot_be_written_takes_the_error_path() {
    let directory = Directory::new("unwritable");
    for mode in ["append", "replace"] {
        let mut harness = start(json!({ "path": directory.path("x/a.txt"), "mode": mode }));
        fs::write(directory.path("x"), "").unwrap();
        harness.send("lost?");
        let errors = harness.take_from("error");
        let error = &errors[0].error().unwrap().error;
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(
            error.to_string().contains("cannot write to the file"),
            "{error}"
        );
        assert_eq!(errors[0].text().unwrap(), "lost?");
        assert!(harness.take().is_empty());
        fs::remove_file(directory.path("x")).unwrap();
    }
    assert!(directory.names().is_empty());
}

#[test]
fn what_cannot_be_written_behind_what_could_takes_the_error_path_too() {
    let directory = Directory::new("unwritable-later");
    for settings in [json!({}), json!({ "sync": true })] {
        let path = directory.path("a.txt");
        let mut settings = settings;
        settings["path"] = json!(path);
        let mut harness = start(settings);
        harness.send("first");
        assert_eq!(harness.take().len(), 1);
        fs::rename(&path, directory.path("b.txt")).unwrap();
        fs::create_dir(&path).unwrap();
        harness.send("lost?");
        let errors = harness.take_from("error");
        assert_eq!(errors[0].text().unwrap(), "lost?");
        let error = &errors[0].error().unwrap().error;
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        fs::remove_dir(&path).unwrap();
        harness.send("last");
        assert_eq!(harness.take().len(), 1);
        assert_eq!(directory.read("a.txt"), "last\n");
        fs::remove_file(&path).unwrap();
    }
}

/// XML that cannot be written out.
struct Unwritable;

impl XmlTree for Unwritable {
    fn to_text(&self) -> Result<String> {
        Err(Error::malformed("it is no text"))
    }
}

#[test]
fn what_cannot_be_written_out_holds_nothing_up() {
    let directory = Directory::new("no-text");
    for path in ["{{ meta_id }}.txt", "s.txt"] {
        let path = format!("{}/{path}", directory.path("out"));
        let mut harness = start(json!({ "path": path }));
        let mut bad = Event::new(Payload::Xml(Xml::from_tree(Arc::new(Unwritable), 1)));
        bad.set_meta_id("s");
        harness.send(bad);
        assert_eq!(harness.take_from("error").len(), 1);
        harness.send(named("good", "s"));
        assert_eq!(harness.take().len(), 1);
        assert_eq!(directory.read("out/s.txt"), "good\n");
        fs::remove_file(directory.path("out/s.txt")).unwrap();
    }
}

#[test]
fn full_files_are_put_aside_and_only_so_many_kept() {
    let directory = Directory::new("rotate");
    let settings = json!({ "path": directory.path("a.txt"), "max_size": 9, "keep": 2 });
    let mut harness = start(settings);
    for text in ["one", "two", "three", "four", "five", "longer than a file"] {
        harness.send(text);
    }
    harness.take();
    assert_eq!(directory.names(), ["a.txt", "a.txt.1", "a.txt.2"]);
    assert_eq!(directory.read("a.txt"), "longer than a file\n");
    assert_eq!(directory.read("a.txt.1"), "five\n");
    assert_eq!(directory.read("a.txt.2"), "four\n");
}

#[test]
fn an_old_file_is_put_aside() {
    let directory = Directory::new("old");
    let settings = json!({ "path": directory.path("a.txt"), "max_age": "0s", "keep": 1 });
    let mut harness = start(settings);
    for text in ["one", "two"] {
        harness.send(text);
    }
    harness.take();
    assert_eq!(directory.read("a.txt"), "two\n");
    assert_eq!(directory.read("a.txt.1"), "one\n");
}

#[test]
fn a_torn_line_is_ended_and_a_moved_file_is_made_anew() {
    let directory = Directory::new("torn");
    fs::write(directory.path("a.txt"), "torn").unwrap();
    let mut harness = start(json!({ "path": directory.path("a.txt"), "sync": true }));
    harness.send("one");
    assert_eq!(directory.read("a.txt"), "torn\none\n");
    fs::rename(directory.path("a.txt"), directory.path("b.txt")).unwrap();
    harness.send("two");
    assert_eq!(directory.read("a.txt"), "two\n");
    harness.take();
}

#[test]
fn large_payloads_are_written_whole() {
    let directory = Directory::new("large");
    let mut harness = start(json!({ "path": directory.path("a.txt") }));
    let large = "x".repeat(1 << 20);
    harness.send(&*large);
    harness.send("small");
    assert_eq!(directory.read("a.txt"), format!("{large}\nsmall\n"));
    assert_eq!(harness.take().len(), 2);
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let message = refused(json!({ "path": "a", "mode": "replace", "max_size": 5 }));
    assert!(message.contains("are for `mode: append`"), "{message}");
    let message = refused(json!({ "path": "a", "max_size": 0 }));
    assert!(message.contains("no room"), "{message}");
    let message = refused(json!({ "path": "" }));
    assert!(message.contains("names no file"), "{message}");
    assert!(refused(json!({ "path": "a", "max_sizes": 5 })).contains("unknown field"));
}
