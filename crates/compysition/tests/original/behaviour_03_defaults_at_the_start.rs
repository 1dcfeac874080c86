//! What has no error connection of its own leads to the flow's error actor.

use serde_json::json;

use crate::support::{Seen, actor, with_door};

#[tokio::test]
async fn errors_without_a_connection_go_to_the_error_actor() {
    let (mut director, door, handle) = with_door("errors");
    let [general, own] = [Seen::default(), Seen::default()];
    let without = director.register("without", actor("xml_to_json"));
    let with = director.register("with", actor("xml_to_json"));
    let errors = director.register("errors", general.clone());
    let own_errors = director.register("own_errors", own.clone());
    director.set_errors(errors);
    director.connect(door, [without, with]);
    director.connect([without, with], door);
    director.connect_error(with, own_errors);
    let flow = director.start().await.unwrap();
    assert!(handle.ask("<a").await.is_err());
    assert!(flow.stop().await.is_clean());
    let failed = |seen: &Seen| {
        let events = seen.events();
        let failed = events
            .iter()
            .map(|event| event.attribute("failed").unwrap().into_owned());
        failed.collect::<Vec<_>>()
    };
    assert_eq!(failed(&general), [json!(["without", 1])]);
    assert_eq!(failed(&own), [json!(["with", 1])]);
}

#[tokio::test]
async fn without_an_error_actor_a_failure_harms_no_other_event() {
    let (mut director, door, handle) = with_door("none");
    let convert = director.register("convert", actor("xml_to_json"));
    director.connect(door, convert);
    director.connect(convert, door);
    let flow = director.start().await.unwrap();
    assert!(handle.ask("<a").await.is_err());
    assert!(handle.ask("<a/>").await.is_ok());
    assert!(flow.stop().await.is_clean());
    assert_eq!(flow.snapshot().failed, 1);
}
