//! Faults of single actors of the original.

use std::time::Duration;

use compysition::Director;
use serde_json::json;

use crate::support::{Seen, actor, harness};

#[tokio::test(start_paused = true)]
async fn two_generators_have_an_interval_each_and_fractions_count() {
    let mut director = Director::new("generators");
    let counts = ["0.5", "2s"].map(|interval| {
        let seen = Seen::default();
        let make = format!("event_generator: {{ interval: {interval}, data: x }}");
        let make = director.register(format!("every {interval}"), actor(&make));
        let sink = director.register(format!("seen {interval}"), seen.clone());
        director.connect(make, sink);
        seen
    });
    let flow = director.start().await.unwrap();
    tokio::time::sleep(Duration::from_millis(10_100)).await;
    let counts = counts.map(|seen| seen.events().len());
    assert!(flow.stop().await.is_clean());
    assert!(
        (20..=22).contains(&counts[0]) && (5..=6).contains(&counts[1]),
        "{counts:?}"
    );
}

#[test]
fn what_one_actor_is_told_no_other_of_its_kind_knows() {
    let mut told = harness("redact: { paths: [payload.card], replacement: gone }");
    let mut other = harness("redact: { paths: [payload.name] }");
    for (harness, left) in [
        (&mut told, json!({ "card": "gone", "name": "Ada" })),
        (&mut other, json!({ "card": "1", "name": "REDACTED" })),
    ] {
        harness.send(json!({ "card": "1", "name": "Ada" }));
        assert_eq!(*harness.take()[0].json().unwrap(), left);
    }
}

#[test]
fn the_parts_of_a_join_have_an_order() {
    for order in [["a", "b"], ["b", "a"]] {
        let plan = compysition::testing::Harness::of(actor(
            "join: { merge: list, parts: [a, b], key: meta_id }",
        ));
        let mut harness = plan.inboxes(["a", "b"]).start();
        for inbox in order {
            let mut part = compysition::Event::new(inbox);
            part.set_meta_id("one");
            harness.send_to(inbox, part);
        }
        assert_eq!(harness.take()[0].text().unwrap(), r#"["a","b"]"#);
    }
}

#[test]
fn the_root_of_joined_xml_is_as_told_and_not_the_actors_name() {
    let mut harness = harness("json_to_xml: { key: orders }");
    harness.send(json!(["<a/>", "<b/>"]));
    let made = harness.take().remove(0);
    assert!(made.text().unwrap().contains("<orders>"), "{made:?}");
}
