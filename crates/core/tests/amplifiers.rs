//! Actors that make many events of one: what is under way stays within its bound.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in tests a panic is the message"
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use common::{Collect, Forward, Script};
use compysition_core::{
    Actor, Context, Director, Error, ErrorKind, Event, Flow, Limits, Outcome, Ports, Result,
};

/// Makes so many events of each, and numbers them.
struct Split(u64);

impl Actor for Split {
    async fn consume(&mut self, _: Event, ctx: &Context) -> Result {
        ctx.send_all((0..self.0).map(|number| Event::new(number.to_string())))
    }
}

/// Counts events, and the most bytes that the flow had under way.
#[derive(Clone, Default)]
struct Slow {
    count: Arc<AtomicU64>,
    flow: Arc<std::sync::OnceLock<Flow>>,
    peak: Arc<AtomicU64>,
}

impl Actor for Slow {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        let count = self.count.fetch_add(1, Relaxed);
        if count.is_multiple_of(64) {
            tokio::task::yield_now().await;
            if let Some(flow) = self.flow.get() {
                self.peak.fetch_max(flow.snapshot().bytes, Relaxed);
            }
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Runs one event through actors one after the other and returns how many events came to the end, and the
/// most bytes that were under way.
async fn run(chain: Vec<Split>, limits: Limits) -> (u64, u64) {
    let outcomes = Arc::default();
    let slow = Slow::default();
    let mut director = Director::new("amplify");
    director.set_limits(limits);
    let source = Script(vec![Event::new("one")], Arc::clone(&outcomes));
    let mut last = director.register("source", source);
    for (number, split) in chain.into_iter().enumerate() {
        let next = director.register(format!("split_{number}"), split);
        director.connect(last, next);
        last = next;
    }
    let sink = director.register("sink", slow.clone());
    director.connect(last, sink);
    let flow = director.start().await.expect("the flow is right");
    let flow = slow.flow.get_or_init(|| flow);
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    assert_eq!((snapshot.delivered, snapshot.open), (1, 0));
    assert_eq!((snapshot.permits, snapshot.bytes), (0, 0));
    (slow.count.load(Relaxed), slow.peak.load(Relaxed))
}

const BOUND: u64 = 4 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_children_of_one_event_are_never_in_memory_at_once() {
    let (count, peak) = run(vec![Split(200_000)], Limits::default()).await;
    assert_eq!(count, 200_000);
    assert!(peak < BOUND, "{peak} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amplifiers_behind_amplifiers_do_not_multiply_what_is_under_way() {
    let (count, peak) = run(vec![Split(300), Split(300), Split(3)], Limits::default()).await;
    assert_eq!(count, 300 * 300 * 3);
    assert!(peak < BOUND, "{peak} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amplifiers_go_on_without_room_child_by_child() {
    let limits = Limits {
        bytes: 300 << 10,
        ..Limits::default()
    };
    let chain = vec![Split(300), Split(20), Split(20)];
    let (count, peak) = run(chain, limits).await;
    assert_eq!(count, 300 * 20 * 20);
    assert!(peak < BOUND, "{peak} bytes");
}

#[tokio::test]
async fn a_few_children_leave_in_order_before_what_is_sent_after_them() {
    struct Few;
    impl Actor for Few {
        async fn consume(&mut self, _: Event, ctx: &Context) -> Result {
            ctx.send_all(["a", "b", "c"].map(Event::new))?;
            ctx.send("end")
        }
    }
    let sink = Collect::default();
    let mut director = Director::new("few");
    let source = director.register("source", Script(vec!["one".into()], Arc::default()));
    let few = director.register("few", Few);
    let end = director.register("sink", sink.clone());
    director.connect(source, few);
    director.connect(few, end);
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    assert_eq!(sink.texts(), ["a", "b", "c", "end"]);
}

#[tokio::test]
async fn an_amplifier_with_little_room_sends_all_the_same() {
    let limits = Limits {
        bytes: 2_000,
        ..Limits::default()
    };
    let outcomes = Arc::default();
    let sink = Collect::default();
    let mut director = Director::new("little room");
    director.set_limits(limits);
    let source = Script(vec!["one".into()], Arc::clone(&outcomes));
    let source = director.register("source", source);
    let split = director.register("split", Split(500));
    let end = director.register("sink", sink.clone());
    director.connect(source, split);
    director.connect(split, end);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(sink.texts().len(), 500);
    let outcomes = outcomes.lock().unwrap();
    assert!(matches!(outcomes[..], [Outcome::Delivered]), "{outcomes:?}");
}

/// Makes sixty events of each until they have gone round often enough.
struct Round;

impl Actor for Round {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match event.hops() < 6 {
            true => ctx.send_all_to("back", (0..60).map(|_| Event::new("child"))),
            false => ctx.send_to("out", event),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_amplifier_in_a_cycle_neither_locks_nor_floods() {
    let slow = Slow::default();
    let mut director = Director::new("round");
    let source = director.register("source", Script(vec!["one".into()], Arc::default()));
    let round = director.register("round", Round);
    let back = director.register("back", Forward);
    let out = director.register("out", slow.clone());
    director.connect(source, round);
    director.connect(round, back);
    director.connect(back, round);
    director.connect(round, out);
    let flow = director.start().await.unwrap();
    let flow = slow.flow.get_or_init(|| flow);
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    // Hops 1, 3 and 5 make sixty each.
    assert_eq!(slow.count.load(Relaxed), 60 * 60 * 60);
    let peak = slow.peak.load(Relaxed);
    assert!(peak < BOUND, "{peak} bytes");
}

/// Fails, or panics, after so many children.
struct Breaks(u64, bool);

impl Actor for Breaks {
    async fn consume(&mut self, _: Event, ctx: &Context) -> Result {
        let (good, panics) = (self.0, self.1);
        ctx.send_all((0..).map(move |number| match number < good {
            true => Ok(Event::new("child")),
            false if panics => panic!("broken"),
            false => Err(Error::malformed("broken")),
        }))
    }
}

#[tokio::test]
async fn an_iterator_that_breaks_sends_its_event_the_error_path() {
    for good in [5, 1_000] {
        for panics in [false, true] {
            let outcomes = Arc::default();
            let (sink, errors) = (Collect::default(), Collect::default());
            let mut director = Director::new("breaks");
            let source = Script(vec!["whole".into()], Arc::clone(&outcomes));
            let source = director.register("source", source);
            let breaks = director.register("breaks", Breaks(good, panics));
            let end = director.register("sink", sink.clone());
            let bad = director.register("errors", errors.clone());
            director.connect(source, breaks);
            director.connect(breaks, end);
            director.connect_error(breaks, bad);
            let flow = director.start().await.unwrap();
            flow.block().await;
            assert!(flow.stop().await.is_clean());
            assert_eq!(sink.texts().len() as u64, good);
            assert_eq!(errors.texts(), ["whole"]);
            let outcomes = outcomes.lock().unwrap();
            let Outcome::Failed(failure) = &outcomes[0] else {
                panic!("{outcomes:?}");
            };
            let kind = match panics {
                true => ErrorKind::Panicked,
                false => ErrorKind::Malformed,
            };
            assert_eq!(failure.error.kind(), kind);
        }
    }
}
