//! What instances do in the background, and events that come back to their pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use compysition_core::{
    Actor, BestEffort, Context, Director, Event, Limits, Pool, Ports, Result, Retry,
};

use crate::common::{Collect, Count};
use crate::support::{Emit, Log, Worker, by_key, finish, flow, job, run};

#[tokio::test(start_paused = true)]
async fn background_work_belongs_to_the_event_in_hand() {
    let log = Log::new();
    let events = (0..6).map(|n| job(format!("back{n}"), 0, 1000)).collect();
    run(events, Worker::factory(&log), Pool::of(2)).await;
    assert_eq!(log.end(), Duration::from_secs(3));

    let log = Log::new();
    let events = (0..4).map(|n| job(format!("back{n}"), 0, 1000)).collect();
    run(events, Worker::factory(&log), by_key(Pool::of(4))).await;
    assert_eq!(log.end(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_pool_of_one_takes_one_at_a_time_whatever_the_actor_does() {
    let log = Log::new();
    let events = (0..3).map(|n| job(format!("back{n}"), 0, 1000)).collect();
    run(events, Worker(log.clone()), Pool::of(1)).await;
    assert_eq!(log.end(), Duration::from_secs(3));
}

/// Makes many of each event, up to a depth.
struct Split;

impl Actor for Split {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if event.hops() > 4 {
            return ctx.send_to("done", event);
        }
        ctx.send_all_to("again", (0..9).map(|n| Event::new(n.to_string())))
    }
}

#[tokio::test(start_paused = true)]
async fn children_that_come_back_to_their_pool_do_not_lock_it() {
    for pool in [Pool::of(2), Pool::of(3).in_order(), by_one_key(Pool::of(2))] {
        let done = Collect::default();
        let mut director = Director::new("round");
        let source = director.register("source", Count(2));
        let split = director.register("split", || Split);
        let sink = director.register("sink", done.clone());
        // No room for all of them at a time.
        director.set_limits(Limits {
            roots: 8,
            bytes: 64 * 600,
            ..Limits::default()
        });
        director.set_pool(split, pool);
        director.connect(source, split);
        director.connect((split, "again"), split);
        director.connect((split, "done"), sink);
        finish(director).await;
        assert_eq!(done.texts().len(), 2 * 9 * 9 * 9 * 9);
    }
}

fn by_one_key(pool: Pool) -> Pool {
    pool.by_key(|_: &Event, _| Ok(1))
}

/// Fails on each event for the first time that it sees it.
struct Second;

impl Actor for Second {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match event.attempts() {
            0 => Err(compysition_core::Error::unavailable("not yet")),
            _ => ctx.send(event),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_again_waits_before_the_pool() {
    for keep_order in [true, false] {
        let events: Vec<_> = (0..20).map(|n| job(n, n % 3, 0)).collect();
        let (mut director, pooled, out) = flow(events, || Second, by_key(Pool::of(2)));
        let retry = Retry {
            keep_order,
            ..Retry::default()
        };
        director.set_retry(pooled, retry);
        let snapshot = finish(director).await.snapshot();
        assert_eq!((out.texts().len(), snapshot.delivered), (20, 20));
        assert_eq!(snapshot.actors[1].retried, 20);
        assert_eq!(snapshot.actors[1].pool.unwrap().busy, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_again_waits_for_its_key() {
    let log = Log::new();
    let events = vec![job("fail", 1, 100), job("other", 1, 5000)];
    let (mut director, pooled, _) = flow(events, Worker::factory(&log), by_key(Pool::of(2)));
    let retry = Retry {
        attempts: 2,
        ..Retry::default()
    };
    director.set_retry(pooled, retry);
    finish(director).await;
    let begun: Vec<u128> = log.entries().iter().map(|e| e.from.as_millis()).collect();
    assert_eq!(begun, [0, 100, 5100]);
}

#[tokio::test(start_paused = true)]
async fn a_best_effort_link_to_a_pool_drops_what_waits_longest() {
    let log = Log::new();
    let mut director = Director::new("lossy");
    let events = (0..10).map(|n| job(n, 0, 100)).collect();
    let source = director.register("source", Emit(events));
    let pooled = director.register("pooled", Worker::factory(&log));
    let out = Collect::default();
    let sink = director.register("sink", out.clone());
    director.set_pool(pooled, Pool::of(2));
    let settings = BestEffort {
        queue: 4,
        drop: compysition_core::Overflow::Oldest,
        ..BestEffort::default()
    };
    director.connect_best_effort(source, pooled, settings.clone());
    director.connect_best_effort(pooled, sink, settings);
    let snapshot = finish(director).await.snapshot();
    assert_eq!(out.texts(), ["6", "7", "8", "9"]);
    assert_eq!(snapshot.actors[0].links[0].dropped, Some(6));
    assert_eq!(snapshot.actors[1].links[0].dropped, Some(0));
}

/// Never ends with an event.
struct Stuck(Arc<AtomicUsize>);

impl Actor for Stuck {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        self.0.fetch_add(1, SeqCst);
        std::future::pending().await
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_hangs_is_named_once_when_the_flow_is_stopped() {
    for pool in [Pool::of(3), Pool::of(3).in_order()] {
        let begun: Arc<AtomicUsize> = Arc::default();
        let counts = begun.clone();
        let mut director = Director::new("stuck");
        let source = director.register("source", Count(10));
        let stuck = director.register("stuck", move || Stuck(counts.clone()));
        director.set_pool(stuck, pool);
        director.connect(source, stuck);
        let flow = director.start().await.unwrap();
        while begun.load(SeqCst) < 3 {
            tokio::task::yield_now().await;
        }
        let snapshot = flow.snapshot();
        assert_eq!(snapshot.actors[1].pool.unwrap().busy, 3);
        assert_eq!(
            (snapshot.actors[1].consumed, snapshot.actors[1].waiting),
            (3, 7)
        );
        let stopped = flow.stop().await;
        assert_eq!(stopped.unfinished, ["stuck"]);
        assert_eq!((stopped.failed, flow.snapshot().open), (10, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_out_of_one_event_holds_up_no_other() {
    let log = Log::new();
    let events = [job("slow", 0, 60_000), job("a", 1, 100), job("b", 2, 100)].to_vec();
    let (mut director, pooled, out) = flow(events, Worker::factory(&log), Pool::of(2).in_order());
    director.set_timeout(pooled, Duration::from_secs(1));
    finish(director).await;
    assert_eq!(out.texts(), ["slow", "a", "b"]);
}
