//! When events are made, and which.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::sync::Arc;
use std::time::Duration;

use compysition_actors::EventGenerator;
use compysition_core::testing::Harness;
use compysition_core::{Built, Director, Event, Registry, inspect};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn build(settings: Value) -> Result<Built, String> {
    let mut registry = Registry::new();
    compysition_actors::register(&mut registry);
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    let kind = registry.get("event_generator").unwrap();
    kind.build(&mut settings).map_err(|error| error.to_string())
}

/// Runs a generator until it ends; returns the milliseconds at which its events came.
fn times(generator: EventGenerator) -> Vec<u128> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let start = Instant::now();
        let mut director = Director::new("times");
        let generator = director.register("generator", generator);
        let record = seen.clone();
        let end = director.register(
            "end",
            inspect(move |_| record.lock().push(start.elapsed().as_millis())),
        );
        director.connect(generator, end);
        let flow = director.start().await.unwrap();
        flow.block().await;
        assert!(flow.stop().await.is_clean());
    });
    let seen = seen.lock();
    seen.clone()
}

#[test]
fn events_come_at_regular_times() {
    let generator = || EventGenerator::new("x").count(3).every(SECOND);
    assert_eq!(times(generator()), [0, 1000, 2000]);
    assert_eq!(times(EventGenerator::new("x").count(2)), [0, 5000]);
    assert_eq!(
        times(generator().every(20 * SECOND).after(SECOND)),
        [1000, 21_000, 41_000]
    );
    assert_eq!(
        times(generator().producers(2)),
        [0, 0, 1000],
        "the count is for all together"
    );
    assert_eq!(times(generator().every(Duration::ZERO)), [0, 0, 0]);
    assert_eq!(times(generator().count(0)), [0; 0]);
}

#[test]
fn it_goes_on_until_the_flow_stops() {
    let mut harness = Harness::new(EventGenerator::new("x").every(SECOND).after(SECOND));
    harness.advance(Duration::from_millis(3500));
    assert_eq!(harness.take().len(), 3);
    assert!(harness.stop().is_clean());
    assert!(harness.take().is_empty());
}

#[test]
fn an_incoming_event_makes_one_more() {
    let mut harness = Harness::new(EventGenerator::new("made").after(3600 * SECOND));
    let outcome = harness.send(Event::new("trigger")).unwrap();
    assert!(outcome.is_delivered());
    let made = harness.take();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].text().unwrap(), "made");
}

#[test]
fn each_event_has_an_id_of_its_own() {
    let mut harness = Harness::new(EventGenerator::new("x").count(2));
    harness.advance(6 * SECOND);
    let made = harness.take();
    assert_eq!(made.len(), 2);
    assert_ne!(made[0].id(), made[1].id());
}

#[test]
fn settings_tell_what_is_made() {
    let built = build(json!({
        "rate": "2/s", "count": 2, "delay": "250ms", "data": {"n": 1}, "attributes": {"color": "red"},
        "service": "paint", "producers": 1
    }));
    let mut harness = Harness::new(built.unwrap());
    harness.advance(Duration::from_millis(500));
    let made = harness.take().pop().unwrap();
    assert_eq!(*made.json().unwrap(), json!({"n": 1}));
    assert_eq!(*made.attribute("color").unwrap(), "red");
    assert_eq!(made.service(), "paint");
    harness.advance(Duration::from_millis(500));
    assert_eq!(harness.take().len(), 1);
    harness.advance(3600 * SECOND);
    assert!(harness.take().is_empty());
}

#[test]
fn defaults_make_an_empty_event_every_five_seconds() {
    let mut harness = Harness::new(build(json!({})).unwrap());
    harness.advance(Duration::from_millis(5500));
    let made = harness.take();
    assert_eq!(made.len(), 2);
    assert_eq!(made[0].payload().kind(), "empty");
    let mut harness = Harness::new(build(json!({"interval": 5, "payload": "test"})).unwrap());
    harness.advance(Duration::from_millis(5500));
    let made = harness.take();
    assert_eq!((made.len(), made[1].text().unwrap()), (2, "test"));
}

#[test]
fn mistakes_in_settings_are_told() {
    let says = |settings| build(settings).unwrap_err();
    assert!(says(json!({"interval": "soon"})).contains("`soon` is no time; write it like 250ms"));
    assert!(says(json!({"interval": 1, "rate": 1})).contains("give either `interval` or `rate`"));
    assert!(says(json!({"rate": "50 per second"})).contains("is no rate; write it like 50/s"));
    assert!(says(json!({"intervall": 1})).contains("unknown field `intervall`"));
}
