//! Trying again what failed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in tests a panic is the message"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::{Collect, Script, Texts};
use compysition_core::{
    Actor, Context, Director, Error, ErrorKind, Event, Outcome, Ports, Result, Retry, Settlement,
    TimeSpan, map,
};
use tokio::time::Instant;

/// What an actor was given: the text, the attempt, and the seconds since the start.
type Calls = Arc<Mutex<Vec<(String, u32, u64)>>>;

/// Fails with an error for the first so many tries of an event whose text begins with `bad`, and changes
/// the event first.
struct Flaky {
    fails: u32,
    error: Error,
    calls: Calls,
    start: Instant,
}

impl Actor for Flaky {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let text = event.text()?.to_owned();
        let attempt = event.attempts();
        let seconds = self.start.elapsed().as_secs();
        self.calls
            .lock()
            .unwrap()
            .push((text.clone(), attempt, seconds));
        event.set_payload("spoilt");
        if text.starts_with("bad") && attempt < self.fails {
            return Err(self.error.clone());
        }
        ctx.send(event.with(text))
    }
}

struct Trial {
    calls: Vec<(String, u32, u64)>,
    delivered: Vec<String>,
    outcomes: Vec<Outcome>,
    retried: u64,
}

/// Runs some texts through a flaky actor.
async fn run(fails: u32, error: Error, retry: Retry, texts: &[&'static str]) -> Trial {
    let (calls, sink, outcomes) = (Calls::default(), Collect::default(), Arc::default());
    let mut director = Director::new("retries");
    let script = texts.iter().map(|text| Event::new(*text)).collect();
    let source = director.register("source", Script(script, Arc::clone(&outcomes)));
    let flaky = Flaky {
        fails,
        error,
        calls: calls.clone(),
        start: Instant::now(),
    };
    let flaky = director.register("flaky", flaky);
    let out = director.register("out", sink.clone());
    director.connect(source, flaky);
    director.connect(flaky, out);
    director.set_retry(flaky, retry);
    let flow = director.start().await.expect("the flow is right");
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    assert_eq!((snapshot.permits, snapshot.bytes, snapshot.open), (0, 0, 0));
    Trial {
        calls: calls.lock().expect("no test panics with it").clone(),
        delivered: sink.texts(),
        outcomes: outcomes.lock().expect("no test panics with it").clone(),
        retried: snapshot.actors[1].retried,
    }
}

fn steady() -> Retry {
    Retry {
        jitter: 0.0,
        ..Retry::default()
    }
}

fn call(text: &str, attempt: u32, seconds: u64) -> (String, u32, u64) {
    (text.to_owned(), attempt, seconds)
}

#[tokio::test(start_paused = true)]
async fn an_event_is_tried_again_as_it_came_in_after_growing_times() {
    let trial = run(3, Error::unavailable("later"), steady(), &["bad"]).await;
    let expected = [(0, 0), (1, 1), (2, 3), (3, 7)];
    let expected = expected.map(|(attempt, seconds)| call("bad", attempt, seconds));
    assert_eq!(trial.calls, expected);
    assert_eq!(trial.delivered, ["bad"]);
    assert!(trial.outcomes[0].is_delivered());
    assert_eq!(trial.retried, 3);
}

#[tokio::test(start_paused = true)]
async fn after_the_last_try_it_takes_the_error_path_as_it_came_in() {
    let retry = Retry {
        attempts: 3,
        ..steady()
    };
    let trial = run(9, Error::timeout("late"), retry, &["bad"]).await;
    assert_eq!(trial.calls.len(), 3);
    let Outcome::Failed(failure) = &trial.outcomes[0] else {
        panic!("{:?}", trial.outcomes);
    };
    assert_eq!(failure.attempts, 3);
    assert_eq!(failure.error.kind(), ErrorKind::Timeout);
    assert!(failure.since <= failure.at);
}

#[tokio::test(start_paused = true)]
async fn only_what_may_pass_is_tried_again() {
    let trial = run(1, Error::malformed("bad"), steady(), &["bad"]).await;
    assert_eq!(trial.calls.len(), 1);
    let retry = Retry {
        errors: vec![ErrorKind::Malformed],
        ..steady()
    };
    let trial = run(1, Error::malformed("bad"), retry, &["bad"]).await;
    assert_eq!(trial.calls.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_asks_for_time_gets_it_or_no_other_try() {
    let after = |seconds: u64| Error::unavailable("later").with_detail("retry_after", seconds);
    let trial = run(1, after(7), steady(), &["bad"]).await;
    assert_eq!(trial.calls, [call("bad", 0, 0), call("bad", 1, 7)]);
    let trial = run(1, after(31), steady(), &["bad"]).await;
    assert_eq!(trial.calls.len(), 1);
}

async fn order(keep_order: bool) -> Vec<String> {
    let sink = Collect::default();
    let mut director = Director::new("order");
    let source = director.register("source", Texts::of("bad good better"));
    let flaky = Flaky {
        fails: 2,
        error: Error::unavailable("later"),
        calls: Calls::default(),
        start: Instant::now(),
    };
    let flaky = director.register("flaky", flaky);
    let out = director.register("out", sink.clone());
    director.connect(source, flaky);
    director.connect(flaky, out);
    let retry = Retry {
        keep_order,
        ..steady()
    };
    director.set_retry(flaky, retry);
    let flow = director.start().await.expect("the flow is right");
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    sink.texts()
}

#[tokio::test(start_paused = true)]
async fn later_events_pass_unless_the_order_is_kept() {
    assert_eq!(order(false).await, ["good", "better", "bad"]);
    assert_eq!(order(true).await, ["bad", "good", "better"]);
}

#[tokio::test(start_paused = true)]
async fn those_that_wait_are_tried_at_once_when_the_flow_stops() {
    for keep_order in [false, true] {
        let calls = Calls::default();
        let mut director = Director::new("stop");
        let source = director.register("source", Texts::of("bad"));
        let flaky = Flaky {
            fails: 9,
            error: Error::unavailable("later"),
            calls: calls.clone(),
            start: Instant::now(),
        };
        let flaky = director.register("flaky", flaky);
        let out = director.register("out", Collect::default());
        director.connect(source, flaky);
        director.connect(flaky, out);
        let retry = Retry {
            delay: TimeSpan::seconds(20),
            keep_order,
            ..steady()
        };
        director.set_retry(flaky, retry);
        let flow = director.start().await.unwrap();
        while calls.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(flow.stop().await.is_clean());
        let calls = calls.lock().unwrap();
        assert_eq!(*calls, [call("bad", 0, 0), call("bad", 1, 0)]);
        assert_eq!((flow.snapshot().failed, flow.snapshot().open), (1, 0));
    }
}

/// Emits one event, and leaves its settlement to the test.
struct Once(Arc<Mutex<Option<Settlement>>>);

impl Actor for Once {
    async fn start(&mut self, ctx: &Context) -> Result {
        let settlement = self.0.clone();
        ctx.produce(move |source| async move {
            *settlement.lock().unwrap() = Some(source.emit("bad").await?);
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

#[tokio::test(start_paused = true)]
async fn what_would_have_been_tried_again_is_marked_when_the_flow_stops() {
    for (attempts, is_cut_short) in [(1, false), (2, false), (3, true), (4, true)] {
        for keep_order in [false, true] {
            let (calls, settlement) = (Calls::default(), Arc::default());
            let mut director = Director::new("stop");
            let source = director.register("source", Once(Arc::clone(&settlement)));
            let flaky = Flaky {
                fails: 9,
                error: Error::unavailable("later"),
                calls: calls.clone(),
                start: Instant::now(),
            };
            let flaky = director.register("flaky", flaky);
            let out = director.register("out", Collect::default());
            director.connect(source, flaky);
            director.connect(flaky, out);
            let retry = Retry {
                attempts,
                keep_order,
                ..steady()
            };
            director.set_retry(flaky, retry);
            let flow = director.start().await.unwrap();
            while calls.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            assert!(flow.stop().await.is_clean());
            let settlement = settlement.lock().unwrap().take().unwrap();
            let Some(Outcome::Failed(failure)) = settlement.outcome() else {
                panic!("{:?}", settlement.outcome());
            };
            let seen = (failure.error.kind(), failure.error.is_cut_short());
            assert_eq!(seen, (ErrorKind::Unavailable, is_cut_short), "{attempts}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_is_tried_again_too() {
    let sink = Collect::default();
    let mut director = Director::new("function");
    let source = director.register("source", Texts::of("x"));
    let flaky = director.register(
        "flaky",
        map(|event: Event| match event.attempts() {
            0 => Err(Error::unavailable("later")),
            _ => Ok(event),
        }),
    );
    let out = director.register("out", sink.clone());
    director.connect(source, flaky);
    director.connect(flaky, out);
    director.set_retry(flaky, steady());
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(sink.texts(), ["x"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_an_actor_panicked_on_is_not_tried_again() {
    struct Panics(Arc<Mutex<u32>>);
    impl Actor for Panics {
        async fn consume(&mut self, _: Event, _: &Context) -> Result {
            *self.0.lock().unwrap() += 1;
            std::panic::panic_any("on purpose");
        }
    }
    let count = Arc::default();
    let mut director = Director::new("panics");
    let source = director.register("source", Texts::of("x"));
    let panics = director.register("panics", Panics(Arc::clone(&count)));
    director.connect(source, panics);
    director.set_retry(panics, steady());
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    assert_eq!((*count.lock().unwrap(), flow.snapshot().failed), (1, 1));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (retry, says) in [
        (
            Retry {
                attempts: 0,
                ..steady()
            },
            "`attempts` must be from 1",
        ),
        (
            Retry {
                backoff: 0.5,
                ..steady()
            },
            "`backoff` must be from 1",
        ),
        (
            Retry {
                jitter: f64::NAN,
                ..steady()
            },
            "`jitter` must be from 0",
        ),
    ] {
        let mut director = Director::new("wrong");
        let source = director.register("source", Texts::of(""));
        director.set_retry(source, retry);
        let message = director.check().unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
    }
}
