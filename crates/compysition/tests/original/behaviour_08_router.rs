//! All filters are tried; what matches none is purged (whitelist), or goes to the outboxes for the rest (blacklist).

use compysition::testing::Harness;
use serde_json::json;

use crate::support::{Seen, actor, harness, with_door};

const ALL: &str = "event_router: { match: all, routes: { a: payload.n > 0, b: payload.n > 10 }, otherwise: none }";

/// Returns how many went to each outbox.
fn counts(harness: &mut Harness, outboxes: &[&str]) -> Vec<usize> {
    let of = |outbox: &&str| harness.take_from(outbox).len();
    outboxes.iter().map(of).collect()
}

#[test]
fn an_event_goes_once_by_each_filter_that_matches() {
    let mut harness = harness(ALL);
    let outboxes = ["a", "b", "none"];
    harness.send(json!({ "n": 11 }));
    assert_eq!(counts(&mut harness, &outboxes), [1, 1, 0]);
    harness.send(json!({ "n": 1 }));
    assert_eq!(counts(&mut harness, &outboxes), [1, 0, 0]);
    harness.send(json!({ "n": -1 }));
    assert_eq!(counts(&mut harness, &outboxes), [0, 0, 1]);
}

#[test]
fn an_event_that_is_purged_is_told_unless_somebody_says_so() {
    let mut harness = harness("event_router: { routes: { a: payload.n > 0 } }");
    harness.send(json!({ "n": -1 }));
    assert_eq!(harness.errors().len(), 1);
}

#[tokio::test]
async fn a_filter_that_names_an_unconnected_outbox_fails_at_the_start() {
    let (mut director, door, _handle) = with_door("unconnected");
    let router = director.register("router", actor(ALL));
    let seen = director.register("seen", Seen::default());
    director.connect(door, router);
    director.connect((router, "a"), seen);
    director.connect((router, "none"), seen);
    let mistakes = director.start().await.err().unwrap().to_string();
    assert!(
        mistakes.contains("outbox `b` of `router` is not connected"),
        "{mistakes}"
    );
}
