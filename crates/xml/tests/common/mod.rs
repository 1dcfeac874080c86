//! One event through one actor.
#![allow(dead_code, reason = "not every test needs all of it")]

use compysition_core::testing::Harness;
use compysition_core::{Built, Error, Event, IntoActor, Registry};
use serde_json::Value;

/// Makes an actor from settings, as a flow file does.
pub(crate) fn build(kind: &str, settings: Value) -> Result<Built, String> {
    let mut registry = Registry::new();
    compysition_xml::register(&mut registry);
    let kind = registry.get(kind).unwrap();
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    kind.build(&mut settings).map_err(|error| error.to_string())
}

/// Sends an event to an actor; returns the one that came out, or the error.
pub(crate) fn run<Form>(
    actor: impl IntoActor<Form>,
    event: impl Into<Event>,
) -> Result<Event, Error> {
    let mut harness = Harness::new(actor);
    harness.send(event);
    let (mut sent, errors) = (harness.take(), harness.errors());
    assert_eq!(sent.len() + errors.len(), 1);
    sent.pop()
        .ok_or_else(|| errors[0].error().unwrap().error.clone())
}
