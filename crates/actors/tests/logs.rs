//! What a flow logs, as events.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::Arc;

use common::build;
use compysition_actors::{Door, EventLog};
use compysition_core::{Actor, Context, Director, Error, Event, Ports, Result};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// Remembers what comes, and logs about it itself: that must not come back.
struct Records(Arc<Mutex<Vec<(String, Value)>>>);

impl Actor for Records {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let record = event.json()?.into_owned();
        tracing::warn!(flow = ctx.flow(), actor = ctx.actor(), "a record came");
        self.0.lock().push((event.meta_id().into_owned(), record));
        Err(Error::unavailable("so that the engine logs as well"))
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Logs from a blocking task, then fails.
struct Work;

impl Actor for Work {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let tell = move || tracing::info!(actor = "work", lines = 3, "from a thread");
        ctx.blocking(tell).await?;
        tracing::debug!("too little to tell");
        drop(event);
        Err(Error::unprocessable("no good"))
    }
}

#[tokio::test]
async fn what_actors_log_comes_to_the_log_actor_and_nothing_of_its_own() {
    let mut director = Director::new("told");
    let seen: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let log = director.register("look", EventLog::new());
    let work = director.register("work", Work);
    let records = director.register("records", Records(seen.clone()));
    let behind = director.register("behind", build("discard", json!({})));
    director.connect(door, log);
    director.connect(log, work);
    director.connect(work, door);
    director.connect(records, behind);
    director.set_log(records, tracing::Level::INFO);
    let flow = director.start().await.unwrap();
    let mut question = Event::new("question");
    question.set_meta_id("m-1");
    assert!(handle.ask(question).await.is_err());
    // What is logged while the flow stops is told too.
    let stopped = flow.stop().await;
    assert!(stopped.is_clean(), "{stopped:?}");

    let seen = seen.lock();
    let told: Vec<(&str, &Value, &Value, &Value)> = seen
        .iter()
        .map(|(id, record)| {
            (
                &id[..],
                &record["actor"],
                &record["level"],
                &record["message"],
            )
        })
        .collect();
    let expected = [
        ("m-1", json!("look"), json!("INFO"), json!("question")),
        ("work", json!("work"), json!("INFO"), json!("from a thread")),
        ("m-1", json!("work"), json!("WARN"), json!("no good")),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, (meta_id, actor, level, message)) in told.iter().zip(&expected) {
        assert_eq!((told.1, told.2, told.3), (actor, level, message));
        assert!(*meta_id != "m-1" || told.0 == "m-1", "{told:?}");
    }
    assert_eq!(seen[1].1["fields"], json!({ "lines": 3 }));
    assert_eq!(seen[0].1["flow"], json!("told"));
}
