//! Actors that are given at once what came together.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in tests a panic is the message"
)]

mod common;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Collect, Script, Texts};
use compysition_core::{
    Actor, Breaker, Context, Director, Error, ErrorKind, Event, Limits, Node, Pool, Ports, Result,
    Retained, Retry,
};

/// Sends all on that comes together, but for what is `bad`, and for those with a `forget` or `panic` among them. Notes how many
/// there were each time; one that came alone counts as none.
#[derive(Clone, Default)]
struct Together(Arc<Mutex<Vec<usize>>>);

impl Actor for Together {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.lock().unwrap().push(0);
        is_good(&event)?;
        ctx.send(event)
    }

    fn takes_all(&self) -> bool {
        true
    }

    async fn consume_all(&mut self, mut events: Retained, ctx: &Context) -> Result {
        self.0.lock().unwrap().push(events.len());
        let has = |text: &str| events.iter().any(|event| event.text().ok() == Some(text));
        let (forgets, panics) = (has("forget"), has("panic"));
        events.keep_if_ok(is_good);
        assert!(!panics, "as it was told to");
        match forgets {
            true => Ok(()),
            false => events.send(ctx),
        }
    }
}

fn is_good(event: &Event) -> Result {
    match event.text()? {
        "bad" => Err(Error::malformed("it is bad")),
        _ => Ok(()),
    }
}

struct Trial {
    calls: Vec<usize>,
    texts: Vec<String>,
    errors: Vec<String>,
    /// What kinds the errors are of.
    kinds: Vec<ErrorKind>,
}

/// Keeps the text and the kind of each error.
#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<(String, ErrorKind)>>>);

impl Actor for Errors {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        let failure = event.error().expect("it has failed");
        assert!(failure.inbox.is_some());
        let kept = (event.text()?.to_owned(), failure.error.kind());
        self.0.lock().unwrap().push(kept);
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Runs some texts through the actor, and looks that nothing is lost.
async fn run(texts: &str, change: impl FnOnce(&mut Director, Node)) -> Trial {
    let (together, sink, errors) = (Together::default(), Collect::default(), Errors::default());
    let mut director = Director::new("together");
    let source = director.register("source", Texts::of(texts));
    let made = together.clone();
    let node = director.register("together", move || made.clone());
    let out = director.register("out", sink.clone());
    let bad = director.register("errors", errors.clone());
    director.connect(source, node);
    director.connect(node, out);
    director.connect_error(node, bad);
    change(&mut director, node);
    let flow = director.start().await.expect("the flow is right");
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    assert_eq!(snapshot.imbalance(), None);
    assert_eq!((snapshot.permits, snapshot.bytes, snapshot.open), (0, 0, 0));
    assert_eq!(snapshot.admitted, texts.split_whitespace().count() as u64);
    let (errors, kinds) = errors.0.lock().unwrap().iter().cloned().unzip();
    Trial {
        calls: together.0.lock().unwrap().clone(),
        texts: sink.texts(),
        errors,
        kinds,
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_together_is_handled_with_one_call_in_its_order() {
    let trial = run("a b bad c bad d", |_, _| {}).await;
    assert_eq!(trial.calls, [6]);
    assert_eq!(trial.texts, ["a", "b", "c", "d"]);
    assert_eq!(trial.errors, ["bad", "bad"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_takes_the_error_path() {
    for word in ["forget", "panic"] {
        let trial = run(&format!("a bad {word} b"), |_, _| {}).await;
        assert_eq!(trial.calls, [4]);
        assert!(trial.texts.is_empty());
        assert_eq!(trial.errors, ["bad", "a", word, "b"]);
        let kind = match word {
            "panic" => ErrorKind::Panicked,
            _ => ErrorKind::Internal,
        };
        assert_eq!(trial.kinds[1..], [kind; 3]);
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_retry_a_time_out_or_a_pool_it_comes_one_by_one() {
    let retry = |director: &mut Director, node: Node| {
        let errors = vec![ErrorKind::Timeout];
        director.set_retry(
            node,
            Retry {
                errors,
                ..Retry::default()
            },
        );
    };
    let timeout = |director: &mut Director, node: Node| {
        director.set_timeout(node, Duration::from_secs(1));
    };
    let pool = |director: &mut Director, node: Node| director.set_pool(node, Pool::of(1));
    let changes: [fn(&mut Director, Node); 3] = [retry, timeout, pool];
    for change in changes {
        let trial = run("a bad b", change).await;
        assert_eq!(trial.calls, [0, 0, 0]);
        assert_eq!(trial.texts, ["a", "b"]);
        assert_eq!(trial.errors, ["bad"]);
    }
}

/// Sends each event on as one that was retained, and takes no note of whether it could.
struct Careless;

impl Actor for Careless {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let _ = ctx.retain(event)?.send(ctx);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_retained_event_that_cannot_be_sent_on_is_not_taken_for_delivered() {
    let outcomes = Arc::default();
    let mut director = Director::new("careless");
    director.set_limits(Limits {
        hops: 1,
        ..Limits::default()
    });
    let script = Script(vec!["a".into()], Arc::clone(&outcomes));
    let source = director.register("source", script);
    let careless = director.register("careless", Careless);
    let out = director.register("out", Collect::default());
    director.connect(source, careless);
    director.connect(careless, out);
    let flow = director.start().await.expect("the flow is right");
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert!(!outcomes.lock().unwrap()[0].is_delivered());
}

/// Asks twice, and one of the two clients has gone before anybody looks at its question.
struct Asks;

impl Actor for Asks {
    async fn start(&mut self, ctx: &Context) -> Result {
        ctx.produce(|source| async move {
            let stays = source.admit(10).await?.ask(None, "stays".into());
            let leaves = source.admit(10).await?.ask(None, "leaves".into());
            leaves.cancel();
            stays.settlement().await;
            source.context().stop_flow();
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source().sink()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_for_nobody_any_more_is_left_out() {
    let (together, sink) = (Together::default(), Collect::default());
    let mut director = Director::new("left-out");
    let asks = director.register("asks", Asks);
    let node = director.register("together", together.clone());
    let out = director.register("out", sink.clone());
    director.connect(asks, node);
    director.connect(node, out);
    let flow = director.start().await.expect("the flow is right");
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(*together.0.lock().unwrap(), [1]);
    assert_eq!(sink.texts(), ["stays"]);
    let snapshot = flow.snapshot();
    assert_eq!(snapshot.actors[1].skipped, 1);
    assert_eq!(snapshot.imbalance(), None);
}

/// Retains each event, and has the first ones fail.
#[derive(Clone)]
struct Fickle {
    failures: u32,
    fail: fn(Retained),
    calls: Arc<AtomicU32>,
}

impl Actor for Fickle {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let retained = ctx.retain(event)?;
        match self.calls.fetch_add(1, Relaxed) < self.failures {
            true => {
                (self.fail)(retained);
                Ok(())
            }
            false => retained.send(ctx),
        }
    }
}

fn fail(retained: Retained) {
    retained.fail(&Error::unavailable("not yet"));
}

/// Runs some texts through an actor of which so many calls fail in this way; returns how many calls there were, what was delivered, and how
/// the others ended.
async fn run_fickle(
    texts: &str,
    (failures, fail): (u32, fn(Retained)),
    change: impl FnOnce(&mut Director, Node),
) -> (u32, Vec<String>, Vec<ErrorKind>) {
    let (sink, errors) = (Collect::default(), Errors::default());
    let calls = Arc::new(AtomicU32::new(0));
    let mut director = Director::new("fickle");
    let source = director.register("source", Texts::of(texts));
    let made = calls.clone();
    let fickle = Fickle {
        failures,
        fail,
        calls: made,
    };
    let node = director.register("fickle", fickle);
    let out = director.register("out", sink.clone());
    let bad = director.register("errors", errors.clone());
    director.connect(source, node);
    director.connect(node, out);
    director.connect_error(node, bad);
    change(&mut director, node);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(flow.snapshot().imbalance(), None);
    let kinds = errors
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|(_, kind)| *kind)
        .collect();
    (calls.load(Relaxed), sink.texts(), kinds)
}

#[tokio::test(start_paused = true)]
async fn a_retained_event_that_fails_is_tried_again() {
    let retry = |director: &mut Director, node: Node| director.set_retry(node, Retry::default());
    let (calls, texts, kinds) = run_fickle("a", (2, fail), retry).await;
    assert_eq!((calls, texts, kinds), (3, vec!["a".to_owned()], vec![]));
}

#[tokio::test(start_paused = true)]
async fn retained_events_that_fail_open_the_breaker_and_those_that_are_sent_close_it() {
    let breaker = |director: &mut Director, node: Node| {
        let failures = 2;
        let breaker = Breaker {
            failures,
            errors: vec![ErrorKind::Unavailable, ErrorKind::Internal],
            ..Breaker::default()
        };
        director.set_breaker(node, breaker);
    };
    let (calls, texts, kinds) = run_fickle("a b c d", (9, fail), breaker).await;
    assert_eq!((calls, kinds.len(), texts.len()), (2, 4, 0));
    // One failure, and then one that was sent: they are not in a row.
    let (calls, texts, kinds) = run_fickle("a b c d", (1, fail), breaker).await;
    assert_eq!((calls, kinds.len(), texts.len()), (4, 1, 3));
    // Those that are forgotten fail, too.
    let (calls, texts, kinds) = run_fickle("a b c d", (9, drop), breaker).await;
    assert_eq!((calls, kinds.len(), texts.len()), (2, 4, 0));
}
