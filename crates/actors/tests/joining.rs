//! What went several ways comes together.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::time::Duration;

use common::build;
use compysition_core::testing::Harness;
use compysition_core::{ErrorKind, Event};
use serde_json::{Value, json};

/// Starts a join of parts that have the same `order`.
fn join(mut settings: Value, inboxes: &[&'static str]) -> Harness {
    settings["key"] = json!("attributes.order");
    Harness::of(build("join", settings))
        .inboxes(inboxes.iter().copied())
        .start()
}

fn part(payload: impl Into<Event>, order: u32) -> Event {
    let event: Event = payload.into();
    event.with_attribute("order", order)
}

/// Returns an event of an order that failed.
fn failed(order: u32) -> Event {
    let mut harness = Harness::new(build("filter", json!({ "condition": "payload.x.y.z" })));
    harness.send(part(json!({}), order));
    harness.errors().remove(0)
}

#[test]
fn parts_of_one_order_become_an_object() {
    let mut harness = join(json!({}), &["a", "b"]);
    harness.send_to("a", part(json!({ "n": 1 }), 1));
    harness.send_to("b", part("other", 2));
    assert_eq!((harness.take().len(), harness.inside()), (0, 2));
    harness.send_to("b", part("text", 1));
    let joined = harness.take().remove(0);
    assert_eq!(joined.text().unwrap(), r#"{"a":{"n":1},"b":"text"}"#);
    assert_eq!(*joined.attribute("order").unwrap(), json!(1));
    assert!(joined.attribute("join").is_none());
    harness.advance(Duration::from_secs(30));
    assert_eq!(harness.errors().len(), 1);
}

#[test]
fn parts_become_a_list_in_their_order() {
    let mut harness = join(json!({ "merge": "list", "parts": ["b", "a"] }), &["a", "b"]);
    harness.send_to("a", part("one", 1));
    harness.send_to("b", part("two", 1));
    assert_eq!(harness.take()[0].text().unwrap(), r#"["two","one"]"#);
}

#[test]
fn a_failed_part_counts_as_that_part() {
    let inboxes = ["a", "b", "error_b"];
    let mut harness = join(json!({ "at_least": 1 }), &inboxes);
    harness.send_to("a", part("one", 1));
    harness.send_to("error_b", failed(1));
    let joined = harness.take().remove(0);
    assert_eq!(joined.text().unwrap(), r#"{"a":"one"}"#);
    assert_eq!(
        joined.lookup("attributes.join.errors.b.kind").unwrap(),
        json!("unprocessable")
    );
    assert!(joined.error().is_none());

    let mut harness = join(json!({}), &inboxes);
    harness.send_to("a", part("one", 1));
    harness.send_to("error_b", failed(1));
    let error = harness.errors().remove(0);
    assert_eq!(
        error.error().unwrap().error.kind(),
        ErrorKind::Unprocessable
    );
}

#[test]
fn parts_that_do_not_come_are_named_or_done_without() {
    let mut harness = join(json!({ "timeout": "1s" }), &["a", "b", "c"]);
    harness.send_to("a", part("one", 1));
    harness.advance(Duration::from_secs(1));
    let error = harness.errors().remove(0);
    let failure = error.error().unwrap();
    assert_eq!(failure.error.message(), "parts are missing after 1s: b, c");
    assert_eq!(failure.error.kind(), ErrorKind::Timeout);

    let settings = json!({ "timeout": "1s", "at_least": 2, "on_timeout": "emit" });
    let mut harness = join(settings, &["a", "b", "c"]);
    harness.send_to("a", part("one", 1));
    harness.send_to("a", part("few", 2));
    harness.send_to("b", part("two", 1));
    harness.advance(Duration::from_secs(1));
    let joined = harness.take().remove(0);
    assert_eq!(joined.text().unwrap(), r#"{"a":"one","b":"two"}"#);
    assert_eq!(
        joined.lookup("attributes.join.missing").unwrap(),
        json!(["c"])
    );
    assert_eq!(harness.errors().len(), 1);
}

#[test]
fn second_and_late_parts_are_put_aside() {
    let mut harness = join(json!({}), &["a", "b"]);
    harness.send_to("a", part("one", 1));
    harness.send_to("a", part("again", 1));
    harness.send_to("b", part("two", 1));
    assert_eq!(
        harness.take()[0].text().unwrap(),
        r#"{"a":"one","b":"two"}"#
    );
    harness.send_to("b", part("late", 1));
    assert_eq!((harness.take().len(), harness.inside()), (0, 0));
    assert_eq!(harness.snapshot().ended, 2);
}

#[test]
fn what_waits_at_the_stop_is_not_lost() {
    let mut harness = join(json!({ "timeout": "1h" }), &["a", "b"]);
    harness.send_to("a", part("one", 1));
    assert!(harness.stop().is_clean());
    assert_eq!(harness.errors().len(), 1);
}
