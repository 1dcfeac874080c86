//! Actors between a door and what is behind it: who comes in, how often, and with which cookies; and answers as REST has them.

#![allow(clippy::unwrap_used)]

mod circle;
mod cookies;
mod issuer;
mod jwks_url;
mod jwt;
mod limits;
mod rest;
mod rsa_key;
#[path = "../http/support.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod support;

use compysition_core::testing::{Harness, Plan};
use compysition_core::{Error, Event, Registry};
use serde_json::{Value, json};

fn registry() -> Registry {
    let mut registry = Registry::new();
    compysition_http::register(&mut registry);
    registry
}

/// Prepares an actor as a flow file says it.
fn plan(yaml: &str) -> Plan {
    compysition_flow::testing::plan(&registry(), yaml)
}

fn harness(yaml: &str) -> Harness {
    plan(yaml).start()
}

/// Returns what is wrong with an actor in a flow file.
fn wrong(yaml: &str) -> String {
    match compysition_flow::testing::actor(&registry(), yaml) {
        Ok(_) => panic!("nothing is wrong with {yaml}"),
        Err(diagnostics) => diagnostics.to_string(),
    }
}

/// Makes the event of a request.
fn request(method: &str, path: &str, headers: Value) -> Event {
    let http = json!({"method": method, "path": path, "headers": headers, "client": "192.0.2.1:5"});
    Event::new("body").with_attribute("http", http)
}

/// Sends an event; returns what came out, or the error.
fn pass(harness: &mut Harness, event: Event) -> Result<Event, Error> {
    harness.send(event);
    match harness.errors().pop() {
        Some(failed) => Err(failed.error().unwrap().error.clone()),
        None => Ok(harness.take().pop().unwrap()),
    }
}

#[test]
fn examples_of_the_manuals_are_right() {
    for name in ["jwt_auth", "rate_limit", "cookie", "cookie_check", "rest"] {
        let registry = registry();
        let schema = registry.get(name).unwrap().schema().to_value();
        let manual = schema["description"].as_str().unwrap();
        let (_, example) = manual.split_once("Example: `").unwrap();
        let (example, purpose) = example.split_once("`\n\nPurpose: ").unwrap();
        plan(&example.replace('\n', " "));
        assert!(purpose.contains("Patterns: "), "{purpose}");
    }
}
