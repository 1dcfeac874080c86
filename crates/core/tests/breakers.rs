//! Sparing a peer that does not answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in tests a panic is the message"
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use common::{Collect, Texts};
use compysition_core::testing::Harness;
use compysition_core::{
    Actor, Breaker, BreakerState, Context, Director, Error, Event, Result, Retry, TimeSpan, map,
};

/// A peer that can be down.
#[derive(Clone, Default)]
struct Peer {
    is_down: Arc<AtomicBool>,
    calls: Arc<AtomicU32>,
    in_background: bool,
}

impl Peer {
    fn call(&self) -> Result {
        self.calls.fetch_add(1, Relaxed);
        match self.is_down.load(Relaxed) {
            true => Err(Error::timeout("no answer")),
            false => Ok(()),
        }
    }
}

impl Actor for Peer {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if !self.in_background {
            self.call()?;
            return ctx.send(event);
        }
        let peer = self.clone();
        ctx.spawn(event, |event, ctx| async move {
            peer.call()?;
            ctx.send(event)
        });
        Ok(())
    }
}

fn harness(peer: &Peer) -> Harness {
    let breaker = Breaker {
        failures: 3,
        open: TimeSpan::seconds(10),
        ..Breaker::default()
    };
    Harness::of(peer.clone()).breaker(breaker).start()
}

#[test]
fn it_opens_after_failures_and_closes_when_the_peer_is_back() {
    for in_background in [false, true] {
        let peer = Peer {
            in_background,
            ..Peer::default()
        };
        let mut harness = harness(&peer);
        let state = |harness: &Harness| harness.snapshot().breaker;
        assert_eq!(state(&harness), Some(BreakerState::Closed));
        peer.is_down.store(true, Relaxed);
        for _ in 0..5 {
            harness.send("x");
        }
        assert_eq!(peer.calls.load(Relaxed), 3, "two were spared");
        assert_eq!(state(&harness), Some(BreakerState::Open));
        let last = harness.errors().pop().unwrap();
        let error = &last.error().unwrap().error;
        assert_eq!(error.detail("retry_after").unwrap(), 10);
        harness.advance(Duration::from_secs(11));
        harness.send("y");
        harness.send("z");
        assert_eq!(peer.calls.load(Relaxed), 4, "one was let through");
        harness.advance(Duration::from_secs(11));
        peer.is_down.store(false, Relaxed);
        harness.send("y");
        harness.send("z");
        assert_eq!(peer.calls.load(Relaxed), 6);
        assert_eq!(state(&harness), Some(BreakerState::Closed));
        assert_eq!(harness.take().len(), 2);
    }
}

#[test]
fn failures_in_a_row_are_counted_anew_after_a_success() {
    let peer = Peer::default();
    let mut harness = harness(&peer);
    for _ in 0..4 {
        peer.is_down.store(true, Relaxed);
        harness.send("x");
        harness.send("x");
        peer.is_down.store(false, Relaxed);
        harness.send("x");
    }
    assert_eq!(peer.calls.load(Relaxed), 12);
}

#[tokio::test(start_paused = true)]
async fn what_is_retried_waits_for_the_breaker() {
    let peer = Peer::default();
    peer.is_down.store(true, Relaxed);
    let sink = Collect::default();
    let mut director = Director::new("both");
    let source = director.register("source", Texts::of("x"));
    let asks = director.register("asks", peer.clone());
    let out = director.register("out", sink.clone());
    director.connect(source, asks);
    director.connect(asks, out);
    director.set_breaker(
        asks,
        Breaker {
            failures: 1,
            open: TimeSpan::seconds(20),
            ..Breaker::default()
        },
    );
    director.set_retry(asks, Retry::default());
    let flow = director.start().await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(peer.calls.load(Relaxed), 1);
    peer.is_down.store(false, Relaxed);
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(sink.texts(), ["x"]);
}

#[test]
fn a_breaker_that_could_not_work_is_refused() {
    let mut director = Director::new("wrong");
    let function = director.register("function", map(|event: Event| event));
    director.set_breaker(
        function,
        Breaker {
            failures: 0,
            ..Breaker::default()
        },
    );
    let message = director.check().unwrap_err().to_string();
    assert!(
        message.contains("`failures` must be at least 1"),
        "{message}"
    );
    assert!(
        message.contains("a plain function has no breaker"),
        "{message}"
    );
}
