//! An id is set once and survives all; the meta id defaults to it and may be changed.

use compysition::Event;

use crate::support::{Seen, actor, harness, try_actor, with_door};

#[tokio::test]
async fn the_id_survives_copies_and_conversions() {
    let (mut director, door, handle) = with_door("ids");
    let [before, left, right] = [Seen::default(), Seen::default(), Seen::default()];
    let first = director.register("first", before.clone());
    let there = director.register("there", actor("json_to_xml"));
    let back = director.register("back", actor("xml_to_json"));
    let converted = director.register("converted", left.clone());
    let copied = director.register("copied", right.clone());
    director.connect(door, first);
    director.connect(first, [there, copied]);
    director.connect(there, back);
    director.connect(back, converted);
    director.connect(converted, door);
    let flow = director.start().await.unwrap();
    let answer = handle.ask(Event::new("{\"a\":\"1\"}")).await.unwrap();
    assert!(flow.stop().await.is_clean());
    let id = before.events()[0].id();
    for seen in [left, right] {
        assert_eq!(seen.events()[0].id(), id);
        assert_eq!(seen.events()[0].meta_id(), id.to_string());
    }
    assert_eq!(answer.id(), id);
}

#[test]
fn no_actor_of_a_flow_file_sets_an_id() {
    assert!(try_actor("set: { id: mine }").unwrap_err().contains("id"));
}

#[test]
fn the_meta_id_is_free_to_change() {
    let mut harness = harness("set: { meta_id: mine }");
    let event = Event::new("x");
    let id = event.id();
    assert_eq!(event.meta_id(), id.to_string());
    harness.send(event);
    let event = harness.take().remove(0);
    assert_eq!(event.meta_id(), "mine");
}
