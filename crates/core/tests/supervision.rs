//! What becomes of actors that panic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in tests a panic is the message"
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use common::{Collect, Texts};
use compysition_core::{
    Actor, ActorSnapshot, ActorState, Context, Director, ErrorKind, Event, Flow, Held, OnFailed,
    Ports, Result, Supervision, inspect,
};

/// Numbers what it has seen, and panics on `bad`. Holds what begins with `hold`.
#[derive(Default)]
struct Numbers {
    seen: u32,
    held: Vec<Held>,
    starts: Arc<AtomicU32>,
}

impl Actor for Numbers {
    async fn start(&mut self, _: &Context) -> Result {
        self.starts.fetch_add(1, Relaxed);
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.seen += 1;
        assert_ne!(event.text()?, "bad");
        if event.text()?.starts_with("hold") {
            self.held.push(ctx.hold(event)?);
            return Ok(());
        }
        ctx.send(format!("{}{}", event.text()?, self.seen))
    }
}

struct Trial {
    flow: Flow,
    texts: Vec<String>,
    errors: Vec<String>,
    numbers: ActorSnapshot,
}

/// Runs some texts through an actor that panics on `bad`.
async fn run<Form>(
    texts: &str,
    actor: impl compysition_core::IntoActor<Form>,
    supervision: Supervision,
) -> Trial {
    let (sink, errors) = (Collect::default(), Collect::default());
    let mut director = Director::new("supervised");
    director.set_supervision(supervision);
    let source = director.register("source", Texts::of(texts));
    let numbers = director.register("numbers", actor);
    let out = director.register("out", sink.clone());
    let bad = director.register("errors", errors.clone());
    director.connect(source, numbers);
    director.connect(numbers, out);
    director.connect_error(numbers, bad);
    let flow = director.start().await.expect("the flow is right");
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    assert_eq!((snapshot.permits, snapshot.bytes, snapshot.open), (0, 0, 0));
    Trial {
        texts: sink.texts(),
        errors: errors.texts(),
        numbers: snapshot.actors[1].clone(),
        flow,
    }
}

#[tokio::test(start_paused = true)]
async fn one_from_a_factory_is_made_anew_and_goes_on_in_order() {
    let trial = run(
        "a b bad c d bad e",
        Numbers::default,
        Supervision::default(),
    )
    .await;
    assert_eq!(trial.texts, ["a1", "b2", "c1", "d2", "e1"]);
    assert_eq!(trial.errors, ["bad", "bad"]);
    assert_eq!(trial.numbers.restarts, 2);
    assert_eq!(trial.numbers.state, ActorState::Running);
    assert_eq!(trial.numbers.consumed, 7);
}

#[tokio::test(start_paused = true)]
async fn a_value_goes_on_as_it_is_after_its_start() {
    let starts = Arc::default();
    let numbers = Numbers {
        starts: Arc::clone(&starts),
        ..Numbers::default()
    };
    let trial = run("a b bad c d", numbers, Supervision::default()).await;
    assert_eq!(trial.texts, ["a1", "b2", "c4", "d5"]);
    assert_eq!(starts.load(Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_old_one_held_takes_the_error_path() {
    let trial = run("hold_me bad a", Numbers::default, Supervision::default()).await;
    assert_eq!(trial.errors, ["bad", "hold_me"]);
    assert_eq!(trial.texts, ["a1"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_panics_too_often_fails_and_its_events_take_the_error_path() {
    let supervision = Supervision {
        restarts: 2,
        ..Supervision::default()
    };
    let errors = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = errors.clone();
    let mut director = Director::new("failed");
    director.set_supervision(supervision);
    let source = director.register("source", Texts::of("a bad bad b bad c d"));
    let numbers = director.register("numbers", Numbers::default);
    let out = director.register("out", Collect::default());
    let look = inspect(move |event: &Event| {
        let failure = event.error().expect("it comes from an error outbox");
        seen.lock().unwrap().push(failure.clone());
    });
    let bad = director.register("errors", look);
    director.connect(source, numbers);
    director.connect(numbers, out);
    director.connect_error(numbers, bad);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let errors = errors.lock().unwrap();
    let kinds: Vec<ErrorKind> = errors.iter().map(|failure| failure.error.kind()).collect();
    use ErrorKind::{Panicked, Unavailable};
    assert_eq!(
        kinds,
        [Panicked, Panicked, Panicked, Unavailable, Unavailable]
    );
    let inboxes: Vec<_> = errors.iter().map(|failure| failure.inbox.clone()).collect();
    assert!(
        inboxes
            .iter()
            .all(|inbox| inbox.as_deref() == Some("source")),
        "{inboxes:?}"
    );
    let message = errors[4].error.message();
    assert!(
        message.contains("restarted 2 times within 30s"),
        "{message}"
    );
    assert_eq!(flow.snapshot().actors[1].state, ActorState::Failed);
    assert!(flow.failure().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failed_actor_stops_the_flow_if_that_is_wanted() {
    let supervision = Supervision {
        restarts: 0,
        on_failed: OnFailed::StopFlow,
        ..Supervision::default()
    };
    let trial = run("a bad b", Numbers::default, supervision).await;
    let failure = trial.flow.failure().expect("it was told why").to_string();
    assert!(failure.contains("actor `numbers` has failed"), "{failure}");
    assert_eq!(trial.errors, ["bad", "b"]);
}

#[tokio::test(start_paused = true)]
async fn restarts_are_forgotten_after_a_while() {
    struct Slow(Numbers);
    impl Actor for Slow {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            tokio::time::sleep(std::time::Duration::from_secs(20)).await;
            self.0.consume(event, ctx).await
        }
    }
    let supervision = Supervision {
        restarts: 2,
        ..Supervision::default()
    };
    let slow = || Slow(Numbers::default());
    let trial = run("bad bad bad bad bad a", slow, supervision).await;
    assert_eq!((trial.numbers.restarts, trial.texts.len()), (5, 1));
}

/// A source that panics on what comes back to it.
struct Loop(Arc<AtomicU32>);

impl Actor for Loop {
    async fn start(&mut self, ctx: &Context) -> Result {
        let first = self.0.fetch_add(1, Relaxed) == 0;
        ctx.produce(move |source| async move {
            drop(source.emit(if first { "bad" } else { "good" }).await?);
            std::future::pending().await
        });
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        assert_ne!(event.text()?, "bad");
        ctx.stop_flow();
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source().sink()
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_made_anew_starts_its_producers_anew() {
    let starts: Arc<AtomicU32> = Arc::default();
    let counts = starts.clone();
    let mut director = Director::new("loop");
    let round = director.register("round", move || Loop(counts.clone()));
    let back = director.register("back", common::Forward);
    director.connect(round, back);
    director.connect(back, round);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(starts.load(Relaxed), 2);
    assert_eq!((flow.snapshot().delivered, flow.snapshot().failed), (1, 1));
}
