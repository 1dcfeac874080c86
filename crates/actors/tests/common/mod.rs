//! One event through one actor.
#![allow(dead_code, reason = "not every test needs all of it")]

use compysition_core::testing::Harness;
use compysition_core::{Built, Error, Event, IntoActor, Registry};
use serde_json::Value;

/// Makes an actor from settings, as a flow file does.
pub(crate) fn try_build(kind: &str, settings: Value) -> Result<Built, String> {
    let mut registry = Registry::new();
    compysition_actors::register(&mut registry);
    let kind = registry.get(kind).unwrap();
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    kind.build(&mut settings).map_err(|error| error.to_string())
}

/// Makes an actor from settings that are right.
pub(crate) fn build(kind: &str, settings: Value) -> Built {
    try_build(kind, settings).unwrap()
}

/// Sends an event to an actor; returns the one event that came out.
pub(crate) fn sent<Form>(actor: impl IntoActor<Form>, event: impl Into<Event>) -> Event {
    let mut harness = Harness::new(actor);
    harness.send(event);
    let mut sent = harness.take();
    assert_eq!(sent.len(), 1, "{:?}", harness.errors());
    sent.remove(0)
}

/// Sends an event to an actor; returns the error that it failed with.
pub(crate) fn refused<Form>(actor: impl IntoActor<Form>, event: impl Into<Event>) -> Error {
    let mut harness = Harness::new(actor);
    harness.send(event);
    assert_eq!(harness.take().len(), 0);
    let mut errors = harness.errors();
    assert_eq!(errors.len(), 1);
    errors.remove(0).error().unwrap().error.clone()
}
