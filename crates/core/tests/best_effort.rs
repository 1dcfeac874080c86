//! Best-effort links: what is behind them never slows what is before them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in tests a panic is the message"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Collect, Count, Forward};
use compysition_core::{
    Actor, BestEffort, Context, Director, Event, Flow, Limits, Overflow, Ports, Result, map,
};
use tokio::sync::Semaphore;

/// Consumes an event for each permit that it is given.
struct Gated(Arc<Semaphore>, Collect);

impl Actor for Gated {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.acquire().await?.forget();
        self.1.consume(event, ctx).await
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

struct Fork {
    flow: Flow,
    healthy: Collect,
    slow: Collect,
    turns: Arc<Semaphore>,
}

/// A source with a healthy branch, and a best-effort branch whose actor waits for turns.
async fn fork(count: u64, settings: BestEffort, limits: Limits) -> Fork {
    let (healthy, slow) = (Collect::default(), Collect::default());
    let turns = Arc::new(Semaphore::new(0));
    let mut director = Director::new("fork");
    director.set_limits(limits);
    director.set_stop_deadline(Duration::from_secs(5));
    let source = director.register("source", Count(count));
    let sink = director.register("sink", healthy.clone());
    let audit = director.register("audit", Gated(turns.clone(), slow.clone()));
    director.connect(source, sink);
    director.connect_best_effort(source, audit, settings);
    Fork {
        flow: director.start().await.expect("the flow is right"),
        healthy,
        slow,
        turns,
    }
}

fn dropped(flow: &Flow) -> Option<u64> {
    let snapshot = flow.snapshot();
    let links = snapshot.actors.iter().flat_map(|actor| &actor.links);
    links.filter_map(|link| link.dropped).next()
}

#[tokio::test]
async fn a_hanging_branch_does_not_stop_its_sibling() {
    let settings = BestEffort {
        queue: 10,
        ..BestEffort::default()
    };
    let limits = Limits {
        roots: 4,
        ..Limits::default()
    };
    let fork = fork(5_000, settings, limits).await;
    while fork.healthy.texts().len() < 5_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(dropped(&fork.flow), Some(4_990));
    fork.turns.add_permits(10);
    fork.flow.block().await;
    assert!(fork.flow.stop().await.is_clean());
    let first: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    assert_eq!(fork.slow.texts(), first);
    let snapshot = fork.flow.snapshot();
    assert_eq!((snapshot.delivered, snapshot.open), (5_010, 0));
    assert_eq!((snapshot.permits, snapshot.bytes), (0, 0));
}

#[tokio::test]
async fn the_oldest_gives_way_if_that_is_wanted() {
    let settings = BestEffort {
        queue: 3,
        drop: Overflow::Oldest,
        ..BestEffort::default()
    };
    let fork = fork(1_000, settings, Limits::default()).await;
    while fork.healthy.texts().len() < 1_000 {
        tokio::task::yield_now().await;
    }
    fork.turns.add_permits(1_000);
    fork.flow.block().await;
    assert!(fork.flow.stop().await.is_clean());
    // One was being consumed while the others gave way.
    let arrived = fork.slow.texts();
    assert_eq!(arrived[1..], ["998", "999"]);
    let snapshot = fork.flow.snapshot();
    assert_eq!(snapshot.delivered, 1_000 + arrived.len() as u64);
    assert_eq!(dropped(&fork.flow), Some(1_000 - arrived.len() as u64));
    assert_eq!((snapshot.permits, snapshot.bytes, snapshot.open), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_branch_is_named_when_the_flow_stops() {
    let fork = fork(100, BestEffort::default(), Limits::default()).await;
    while fork.healthy.texts().len() < 100 {
        tokio::task::yield_now().await;
    }
    let stopped = fork.flow.stop().await;
    assert_eq!(stopped.unfinished, ["audit"]);
}

#[tokio::test]
async fn a_function_behind_a_best_effort_link_is_not_run_by_its_sender() {
    let mut director = Director::new("apart");
    let source = director.register("source", Count(10));
    let slow = director.register("slow", map(|event: Event| event));
    let sink = director.register("sink", Collect::default());
    director.connect_best_effort(source, slow, BestEffort::default());
    director.connect(slow, sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(flow.snapshot().delivered, 20);
}

#[tokio::test]
async fn an_endless_loop_over_a_best_effort_link_ends_at_the_hop_limit() {
    let mut director = Director::new("loop");
    let source = director.register("source", Count(1));
    let a = director.register("a", Forward);
    let b = director.register("b", Forward);
    director.connect(source, a);
    director.connect(a, b);
    director.connect_best_effort(b, a, BestEffort::default());
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!((flow.snapshot().failed, flow.snapshot().open), (1, 0));
}

#[tokio::test]
async fn a_link_that_could_not_work_is_refused() {
    let mut director = Director::new("wrong");
    let source = director.register("source", Count(1));
    let sink = director.register("sink", Collect::default());
    let reply = director.reply();
    let none = BestEffort {
        queue: 0,
        ..BestEffort::default()
    };
    director.connect_best_effort(source, sink, none);
    director.connect_best_effort(source, reply, BestEffort::default());
    let message = director.check().unwrap_err().to_string();
    assert!(message.contains("has a queue of 0"), "{message}");
    assert!(message.contains("leads to `reply`"), "{message}");
}
