//! Dead letters are written whole, but for secrets, and nothing counts as kept that is not.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::path::{Path, PathBuf};

use compysition_actors::{DeadLetters, Letter, Recover};
use compysition_core::testing::Harness;
use compysition_core::{Director, Error, Event, Outcome, map};
use serde_json::json;

/// A directory of its own that goes away with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let name = format!("compysition-dead-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn letters(&self) -> PathBuf {
        self.0.join("dead.jsonl")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn read(path: &Path) -> Vec<Letter> {
    let text = std::fs::read_to_string(path).unwrap();
    let letters = text.lines().map(Letter::from_line);
    letters.collect::<Result<_, _>>().unwrap()
}

fn marked(event: Event) -> Event {
    let mut harness = Harness::new(map(|_: Event| -> Result<Event, Error> {
        Err(Error::bad_gateway("the peer is down"))
    }));
    harness.send(event);
    harness.errors().remove(0)
}

#[test]
fn a_letter_holds_everything_but_secrets() {
    let directory = Directory::new("secrets");
    let mut harness = Harness::new(DeadLetters::at(directory.letters()));
    let http =
        json!({ "path": "/orders", "headers": { "authorization": "Basic eDp5", "accept": "*/*" } });
    let event = Event::new("an order").with_attribute("http", http);
    let outcome = harness.send(marked(event));
    assert!(matches!(outcome, Some(Outcome::Kept)), "{outcome:?}");
    let letter = read(&directory.letters()).remove(0);
    assert_eq!(letter.error_text("kind"), Some("bad_gateway"));
    let headers = letter.attributes["http"]["headers"].clone();
    assert_eq!(headers, json!({ "authorization": "***", "accept": "*/*" }));
    assert_eq!(letter.into_event().unwrap().text().unwrap(), "an order");
    // What goes on is as it was.
    let passed = harness.take().remove(0);
    let authorization = passed.lookup("http.headers.authorization").unwrap();
    assert_eq!(authorization, json!("Basic eDp5"));
}

#[test]
fn what_did_not_fail_is_written_and_delivered() {
    let directory = Directory::new("plain");
    let letters = DeadLetters::at(directory.letters())
        .redact("payload.card")
        .unwrap();
    let mut harness = Harness::new(letters);
    let http = json!({ "headers": { "cookie": "session=1" } });
    let event = Event::new(json!({ "card": 4711, "order": 1 })).with_attribute("http", http);
    let outcome = harness.send(event);
    assert!(matches!(outcome, Some(Outcome::Delivered)), "{outcome:?}");
    let letter = read(&directory.letters()).remove(0);
    assert!(letter.error.is_none());
    assert_eq!(letter.attributes["http"]["headers"]["cookie"], "***");
    let event = letter.into_event().unwrap();
    assert_eq!(*event.json().unwrap(), json!({ "card": "***", "order": 1 }));
}

#[test]
fn a_path_that_nothing_can_be_hidden_at_is_told_at_once() {
    for path in ["id", "error.message", "payload..card", "meta_id"] {
        assert!(DeadLetters::at("x").redact(path).is_err(), "{path}");
    }
}

#[test]
fn what_cannot_be_written_has_failed() {
    let directory = Directory::new("gone");
    let mut harness = Harness::new(DeadLetters::at(directory.letters()));
    harness.send(marked("one".into()));
    std::fs::remove_file(directory.letters()).unwrap();
    std::fs::create_dir(directory.letters()).unwrap();
    let outcome = harness.send(marked("two".into()));
    assert!(matches!(outcome, Some(Outcome::Failed(_))), "{outcome:?}");
    let failed = harness.errors().remove(0);
    let failure = failed.error().unwrap();
    assert!(
        failure
            .error
            .message()
            .starts_with("cannot write to the dead letters")
    );
    assert_eq!(failed.text().unwrap(), "two");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_keeps_the_flow_from_starting() {
    let directory = Directory::new("start");
    std::fs::create_dir(directory.letters()).unwrap();
    let mut director = Director::new("flow");
    let letters = director.register("letters", DeadLetters::at(directory.letters()));
    director.set_dead_letters(letters);
    let error = director.start().await.err().unwrap().to_string();
    assert!(
        error.contains("cannot write to the dead letters"),
        "{error}"
    );
}

#[test]
fn recover_takes_the_mark_off_and_may_keep_the_error() {
    let mut harness = Harness::new(Recover::new().keep_error("problem"));
    let outcome = harness.send(marked("one".into()));
    assert!(matches!(outcome, Some(Outcome::Delivered)), "{outcome:?}");
    let event = harness.take().remove(0);
    assert!(event.error().is_none());
    assert_eq!(
        event.lookup("attributes.problem.kind").unwrap(),
        json!("bad_gateway")
    );
    harness.send("two");
    assert!(harness.take().remove(0).attributes().is_empty());
}
