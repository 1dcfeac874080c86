//! Many events of one, and one of many.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::time::Duration;

use common::{build, refused};
use compysition_actors::Split;
use compysition_core::testing::Harness;
use compysition_core::{ErrorKind, Event, Outcome};
use serde_json::{Value, json};

fn texts(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.text().unwrap()).collect()
}

#[test]
fn each_item_of_a_list_becomes_a_child_with_the_attributes() {
    let mut harness = Harness::new(build("split", json!({ "list": "payload.items" })));
    let mut order = Event::new(json!({ "items": [{ "n": 1 }, "two", 3] }));
    order.set_meta_id("order-1");
    harness.send(order.with_attribute("customer", 7));
    let parts = harness.take();
    assert_eq!(texts(&parts), [r#"{"n":1}"#, "two", "3"]);
    let second = &parts[1];
    assert_eq!(second.payload().kind(), "text");
    assert_eq!(
        second.lookup("attributes.split").unwrap(),
        json!({ "index": 1, "count": 3 })
    );
    assert_eq!(second.lookup("attributes.customer").unwrap(), json!(7));
    assert_ne!(second.id(), parts[0].id());
    assert_eq!(second.meta_id(), "order-1");
}

#[test]
fn the_records_of_a_codec_become_events() {
    let split = |codec: Value, text: &str| {
        let mut harness = Harness::new(build("split", json!({ "codec": codec })));
        harness.send(text);
        let parts = harness.take();
        texts(&parts)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        split(json!("lines"), "one\ntwo\r\nthree"),
        ["one", "two", "three"]
    );
    let rows = split(json!("csv"), "a,b\n1,2\n3,4\n");
    assert_eq!(rows, [r#"{"a":"1","b":"2"}"#, r#"{"a":"3","b":"4"}"#]);
    assert_eq!(
        split(json!("json_lines"), "{\"a\":1}\n[2]\n"),
        ["{\"a\":1}", "[2]"]
    );
}

#[test]
fn nothing_to_split_is_an_end_and_what_is_no_list_an_error() {
    let mut harness = Harness::new(Split::new());
    assert!(matches!(harness.send(json!([])), Some(Outcome::Delivered)));
    assert_eq!(harness.take().len(), 0);
    for (payload, what) in [
        (json!({}), "an object"),
        (json!(1), "a single value"),
        (json!(null), "nothing"),
    ] {
        let error = refused(Split::new(), payload);
        assert_eq!(error.kind(), ErrorKind::Unprocessable);
        assert_eq!(
            error.message(),
            format!("there is {what} at `payload`, and not a list to split")
        );
    }
    let error = refused(Split::new(), "no JSON");
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[test]
fn a_record_that_cannot_be_read_sends_its_event_the_error_path() {
    let mut harness = Harness::new(build("split", json!({ "codec": "json_lines" })));
    harness.send("{\"a\":1}\n{broken\n");
    assert_eq!(texts(&harness.take()), ["{\"a\":1}"]);
    let failed = harness.errors().remove(0);
    assert_eq!(failed.error().unwrap().error.kind(), ErrorKind::Malformed);
    assert_eq!(failed.text().unwrap(), "{\"a\":1}\n{broken\n");
}

#[test]
fn a_batch_is_sent_when_it_is_full() {
    let mut harness = Harness::new(build(
        "batch",
        json!({ "count": 2, "bytes": 100, "age": "1h" }),
    ));
    harness.send("one");
    assert_eq!(harness.inside(), 1);
    harness.send(json!({ "two": 2 }));
    let batch = harness.take().remove(0);
    assert_eq!(batch.text().unwrap(), r#"["one",{"two":2}]"#);
    assert_eq!(batch.lookup("attributes.batch.count").unwrap(), json!(2));
    harness.send("x".repeat(100));
    assert_eq!(harness.take().len(), 1);
}

#[test]
fn a_batch_is_sent_when_it_is_old_and_when_the_flow_stops() {
    let mut harness = Harness::new(build("batch", json!({ "age": "5s" })));
    harness.send("one");
    harness.advance(Duration::from_secs(4));
    harness.send("two");
    assert_eq!(harness.take().len(), 0);
    harness.advance(Duration::from_secs(1));
    assert_eq!(texts(&harness.take()), [r#"["one","two"]"#]);
    harness.send("three");
    assert!(harness.stop().is_clean());
    assert_eq!(texts(&harness.take()), [r#"["three"]"#]);
}

#[test]
fn each_key_has_a_batch_of_its_own() {
    let settings = json!({ "count": 2, "key": "payload.k" });
    let mut harness = Harness::new(build("batch", settings));
    for (key, number) in [("a", 1), ("b", 2), ("a", 3)] {
        harness.send(json!({ "k": key, "n": number }));
    }
    assert_eq!(
        texts(&harness.take()),
        [r#"[{"k":"a","n":1},{"k":"a","n":3}]"#]
    );
    assert_eq!(harness.inside(), 1);
    harness.stop();
}
