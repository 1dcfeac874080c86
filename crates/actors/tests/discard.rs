//! The end of events.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use compysition_actors::Discard;
use compysition_core::Registry;
use compysition_core::testing::Harness;
use serde_json::json;

#[test]
fn ends_events() {
    let mut harness = Harness::new(Discard);
    assert!(harness.send("x").unwrap().is_delivered());
    assert!(harness.take().is_empty() && harness.errors().is_empty());
}

#[test]
fn every_kind_has_a_manual_and_its_old_names() {
    let mut registry = Registry::new();
    compysition_actors::register(&mut registry);
    for (name, kind) in [
        ("discard", "discard"),
        ("null", "discard"),
        ("test_event", "event_generator"),
        ("generator", "event_generator"),
        ("stdout", "stdout"),
    ] {
        let found = registry.get(name).unwrap();
        assert_eq!(found.name(), kind);
        assert!(
            found.summary().ends_with('.'),
            "{name}: {}",
            found.summary()
        );
    }
    let mut settings = <dyn erased_serde::Deserializer>::erase(json!({"all": true}));
    let error = registry
        .get("null")
        .unwrap()
        .build(&mut settings)
        .unwrap_err();
    assert!(error.to_string().contains("unknown field `all`"), "{error}");
}
