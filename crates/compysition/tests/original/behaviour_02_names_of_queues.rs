//! How outboxes and inboxes are named when a connection names none, or only one.

use compysition::{Actor, Context, Director, End, Ends, Event, Node, Ports, Result};

use crate::support::{Seen, with_door};

/// Tells by which inbox the event came, and sends it by the outbox that it names.
struct Tell;

impl Actor for Tell {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let told = format!(
            "{} of {:?}",
            event.text()?,
            ctx.outboxes().collect::<Vec<_>>()
        );
        ctx.send(event.with(told))
    }

    fn ports(&self) -> Ports {
        Ports::any()
    }
}

/// Connects `a` and `b` in some way, and returns the outbox and the inbox.
async fn names(connect: impl FnOnce(&mut Director, Node, Node)) -> (String, String) {
    let (mut director, door, handle) = with_door("names");
    let seen = Seen::default();
    let a = director.register("a", Tell);
    let b = director.register("b", seen.clone());
    director.connect(door, a);
    connect(&mut director, a, b);
    director.connect(b, door);
    let flow = director.start().await.unwrap();
    let answer = handle.ask("sent").await.unwrap();
    assert!(flow.stop().await.is_clean());
    let inbox = seen.events()[0].attribute("inbox").unwrap().into_owned();
    (
        answer.text().unwrap().to_owned(),
        inbox.as_str().unwrap().to_owned(),
    )
}

async fn named(from: impl FnOnce(Node) -> End, to: impl FnOnce(Node) -> Ends) -> (String, String) {
    names(|director, a, b| director.connect(from(a), to(b))).await
}

fn pair(outbox: &str, inbox: &str) -> (String, String) {
    (format!("sent of [{outbox:?}]"), inbox.to_owned())
}

#[tokio::test]
async fn without_names_each_end_is_named_as_the_other_actor() {
    let found = names(|director, a, b| director.connect(a, b)).await;
    assert_eq!(found, pair("b", "a"));
}

#[tokio::test]
async fn a_name_at_the_source_is_that_of_both_ends() {
    let found = named(|a| a.port("x"), Ends::from).await;
    assert_eq!(found, pair("x", "x"));
}

#[tokio::test]
async fn a_name_at_the_destination_leaves_the_outbox_its_own() {
    let found = names(|director, a, b| director.connect(a, (b, "y"))).await;
    assert_eq!(found, pair("b", "y"));
}

#[tokio::test]
async fn both_may_be_named() {
    let found = named(|a| a.port("x"), |b| b.port("y").into()).await;
    assert_eq!(found, pair("x", "y"));
}

#[tokio::test]
async fn errors_come_in_by_a_name_of_their_own() {
    let (mut director, door, handle) = with_door("errors");
    let seen = Seen::default();
    let a = director.register("a", crate::support::actor("xml_to_json"));
    let errors = director.register("errors", seen.clone());
    director.connect(door, a);
    director.connect(a, door);
    director.connect_error(a, errors);
    let flow = director.start().await.unwrap();
    assert!(handle.ask("<a").await.is_err());
    assert!(flow.stop().await.is_clean());
    assert_eq!(*seen.events()[0].attribute("inbox").unwrap(), "error_a");
}

#[tokio::test]
async fn the_same_two_ends_twice_are_a_mistake() {
    let (mut director, door, _handle) = with_door("twice");
    let seen = director.register("seen", Seen::default());
    director.connect(door, seen);
    director.connect(door, seen);
    let mistakes = director.start().await.err().unwrap().to_string();
    assert!(mistakes.contains("twice"), "{mistakes}");
}
