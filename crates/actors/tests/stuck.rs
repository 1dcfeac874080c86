//! What cannot be sent holds nothing else up.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::build;
use compysition_core::{Actor, Context, Director, Event, Flow, Limits, Ports, Result, map};
use serde_json::{Value, json};

/// Emits one event on a long way and one on a short way, and ends when the flow does.
struct Two;

impl Actor for Two {
    async fn start(&mut self, ctx: &Context) -> Result {
        ctx.produce(|source| async move {
            let event = |key: &str| Event::new(key).with_attribute("key", key);
            drop(source.emit_to("long", event("a")).await?);
            drop(source.emit_to("short", event("b")).await?);
            source.stopping().await;
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Keeps the text of each event.
#[derive(Clone, Default)]
struct Collect(Arc<Mutex<Vec<String>>>);

impl Actor for Collect {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        self.0.lock().unwrap().push(event.text()?.to_owned());
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Starts a flow in which what has come on the long way may pass no link more.
async fn start(kind: &str, settings: Value, inbox: &'static str) -> (Flow, Collect) {
    let collect = Collect::default();
    let mut director = Director::new("stuck");
    director.set_limits(Limits {
        hops: 3,
        ..Limits::default()
    });
    let two = director.register("two", Two);
    let one = director.register("one", map(|event: Event| event));
    let other = director.register("other", map(|event: Event| event));
    let gather = director.register("gather", build(kind, settings));
    let end = director.register("end", collect.clone());
    director.connect((two, "long"), one);
    director.connect(one, other);
    director.connect(other, (gather, inbox));
    director.connect((two, "short"), (gather, inbox));
    if kind == "join" {
        director.connect((two, "never"), (gather, "y"));
    }
    director.connect(gather, end);
    (director.start().await.unwrap(), collect)
}

#[tokio::test(start_paused = true)]
async fn what_was_gathered_beside_what_cannot_be_sent_goes_on() {
    let batch = json!({ "key": "attributes.key", "count": 10, "age": "1s" });
    let join = json!({
        "key": "attributes.key", "timeout": "1s", "at_least": 1, "on_timeout": "emit",
    });
    for (kind, settings, inbox, text) in [
        ("batch", batch, "default", r#"["b"]"#),
        ("join", join, "x", r#"{"x":"b"}"#),
    ] {
        let (flow, collect) = start(kind, settings, inbox).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(*collect.0.lock().unwrap(), [text], "{kind}");
        let snapshot = flow.snapshot();
        assert_eq!((snapshot.open, snapshot.failed), (0, 1), "{kind}");
        assert!(flow.stop().await.is_clean());
    }
}
