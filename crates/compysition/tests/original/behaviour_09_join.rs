//! What went several ways comes together by its id.

use compysition::Event;
use serde_json::json;

use crate::support::{actor, with_door};

#[tokio::test]
async fn parts_come_together_and_the_last_ones_attributes_survive() {
    let (mut director, door, handle) = with_door("join");
    let fast = director.register(
        "fast",
        actor("set: { attributes.by: fast, attributes.fast: 1 }"),
    );
    let before = director.register("before", actor("set: { attributes.x: 1 }"));
    let slow = director.register("slow", actor("set: { attributes.by: slow }"));
    let join = director.register(
        "join",
        actor("event_join: { parts: [slow, fast], merge: list }"),
    );
    director.connect(door, [fast, before]);
    director.connect(before, slow);
    director.connect([fast, slow], join);
    director.connect(join, door);
    let flow = director.start().await.unwrap();
    let asked = [1, 2, 3].map(|number| handle.ask(Event::new(number.to_string())));
    for (number, asked) in (1..).zip(asked) {
        let answer = asked.await.unwrap();
        let text = number.to_string();
        assert_eq!(*answer.json().unwrap(), json!([text, text]));
        assert_eq!(*answer.attribute("by").unwrap(), "slow");
        assert!(answer.attribute("fast").is_none());
    }
    assert!(flow.stop().await.is_clean());
    // What both parts became is one answer.
    assert_eq!(flow.snapshot().actors[0].late, 0);
}

#[test]
fn a_second_report_of_one_inbox_is_ignored() {
    let plan = compysition::testing::Harness::of(actor("join: { key: attributes.of }"));
    let mut harness = plan.inboxes(["a", "b"]).start();
    let part = |text: &str| Event::new(text).with_attribute("of", 1);
    harness.send_to("a", part("first"));
    harness.send_to("a", part("second"));
    harness.send_to("b", part("other"));
    assert_eq!(
        harness.take()[0].text().unwrap(),
        r#"{"a":"first","b":"other"}"#
    );
    assert_eq!(harness.snapshot().ended, 1);
}
