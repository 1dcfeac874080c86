//! Events that end in unusual ways: held in a row, given back, failing in circles.

mod common;

use std::sync::{Arc, Mutex};

use common::{Collect, Count, Script};
use compysition_core::{Actor, Context, Director, Error, Event, Held, Outcome, Result, Tick, map};

/// Holds all it gets until the flow stops.
#[derive(Default)]
struct Hoard(Vec<Held>);

impl Actor for Hoard {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.push(ctx.hold(event)?);
        Ok(())
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        self.0
            .drain(..)
            .filter_map(Held::release)
            .try_for_each(|event| ctx.send(event))
    }
}

#[tokio::test(start_paused = true)]
async fn holders_in_a_row_flush_one_after_the_other() {
    let sink = Collect::default();
    let mut director = Director::new("hoards");
    let source = director.register("source", Count(5));
    let out = director.register("out", sink.clone());
    // Registered against the direction of the flow, so that each is told to flush before it has anything.
    let last = director.register("last", Hoard::default());
    let middle = director.register("middle", Hoard::default());
    let first = director.register("first", Hoard::default());
    director.connect(source, first);
    director.connect(first, middle);
    director.connect(middle, last);
    director.connect(last, out);
    let flow = director.start().await.unwrap();
    flow.block().await;
    let stopped = flow.stop().await;
    assert!(stopped.is_clean(), "{stopped:?}");
    assert_eq!(sink.texts(), ["0", "1", "2", "3", "4"]);
    assert!(flow.stop().await.is_clean(), "a second stop finds all done");
}

#[tokio::test]
async fn an_error_that_gives_its_event_back_loses_no_permit() {
    const MORE_THAN_PERMITS: u64 = 3_000;
    let mut director = Director::new("given back");
    let source = director.register("source", Count(MORE_THAN_PERMITS));
    let refuse = |event: Event| -> Result<Event> { Err(Error::malformed("no").giving_back(event)) };
    let refuse = director.register("refuse", map(refuse));
    director.connect(source, refuse);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    assert_eq!((snapshot.failed, snapshot.permits), (MORE_THAN_PERMITS, 0));
}

struct Fails;

impl Actor for Fails {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::unavailable("down"))
    }
}

#[tokio::test]
async fn a_failure_behind_the_error_actor_does_not_come_back_to_it() {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let mut director = Director::new("error actor");
    let source = director.register("source", Script(vec!["x".into()], outcomes.clone()));
    let work = director.register("work", Fails);
    let to_mail = director.register("to_mail", map(|event: Event| event.with("dear operator")));
    let mail = director.register("mail", Fails);
    director.connect(source, work);
    director.connect(to_mail, mail);
    director.set_errors(to_mail);
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    let consumed = |name: &str| {
        let snapshot = flow.snapshot();
        let actor = snapshot.actors.iter().find(|actor| actor.name == name);
        actor.map(|actor| actor.consumed)
    };
    assert_eq!((consumed("to_mail"), consumed("mail")), (Some(1), Some(1)));
    assert!(matches!(outcomes.lock().unwrap()[0], Outcome::Failed(_)));
}
