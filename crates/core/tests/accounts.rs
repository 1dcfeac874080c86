//! What is charged and counted, and what becomes of an event that cannot be sent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in tests a panic is the message"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::{Collect, Forward, Script};
use compysition_core::{Actor, Context, Director, Event, Limits, Result, inspect, map};

#[tokio::test]
async fn a_payload_that_copies_share_is_charged_once() {
    const PAYLOAD: usize = 40 << 10;
    let sink = Collect::default();
    let mut director = Director::new("shared");
    director.set_limits(Limits {
        bytes: 50 << 10,
        ..Limits::default()
    });
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let script = vec![Event::new("x".repeat(PAYLOAD))];
    let source = director.register("source", Script(script, outcomes.clone()));
    let out = director.register("out", sink.clone());
    for branch in 0..8 {
        let first = director.register(format!("first {branch}"), Forward);
        let second = director.register(format!("second {branch}"), Forward);
        director.connect(source, first);
        director.connect(first, second);
        director.connect(second, out);
    }
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(sink.texts().len(), 8);
    assert!(outcomes.lock().unwrap()[0].is_delivered());
    assert_eq!(flow.snapshot().bytes, 0);
}

#[tokio::test]
async fn a_function_on_several_outboxes_counts_one_link() {
    let hops = Arc::new(Mutex::new(Vec::new()));
    let mut director = Director::new("hops");
    let script = vec![Event::new("x")];
    let source = director.register("source", Script(script, Arc::default()));
    let pass = director.register("pass", map(|event: Event| event));
    director.connect(source, pass);
    for name in ["one", "other"] {
        let hops = hops.clone();
        let look = inspect(move |event: &Event| hops.lock().unwrap().push(event.hops()));
        let look = director.register(name, look);
        director.connect(pass, look);
    }
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    assert_eq!(*hops.lock().unwrap(), [2, 2]);
}

#[tokio::test]
async fn a_function_that_keeps_its_event_cannot_return_another() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let (sink, keeps) = (Collect::default(), kept.clone());
    let mut director = Director::new("keeps");
    let script = vec![Event::new("x")];
    let source = director.register("source", Script(script, Arc::default()));
    let keep = move |event: Event| {
        keeps.lock().unwrap().push(event);
        Event::new("other")
    };
    let keep = director.register("keep", map(keep));
    let out = director.register("out", sink.clone());
    director.connect(source, keep);
    director.connect(keep, out);
    let flow = director.start().await.unwrap();
    while kept.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    kept.lock().unwrap().clear();
    flow.block().await;
    flow.stop().await;
    assert!(sink.texts().is_empty());
    assert_eq!(flow.snapshot().actors[1].failed, 1);
}

/// Sends to an outbox that there is not.
struct Astray;

impl Actor for Astray {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send_to("nowhere", event)
    }
}

#[tokio::test]
async fn what_cannot_be_sent_takes_the_error_path_with_its_payload() {
    let errors = Collect::default();
    let mut director = Director::new("astray");
    let script = vec![Event::new("precious")];
    let source = director.register("source", Script(script, Arc::default()));
    let astray = director.register("astray", Astray);
    let bad = director.register("errors", errors.clone());
    director.connect(source, astray);
    director.connect_error(astray, bad);
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    assert_eq!(errors.texts(), ["precious"]);
}
