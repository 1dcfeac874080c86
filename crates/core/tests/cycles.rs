//! Flows with cycles: they neither lock nor lose, and stay within their bound.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Collect, Count, Forward, Script};
use compysition_core::testing::Simulation;
use compysition_core::{
    Actor, Context, Director, Error, ErrorKind, Event, Limits, Outcome, Result,
};

/// Sends each event on twice, until it has gone round often enough.
struct Multiply(u32);

impl Actor for Multiply {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if event.hops() > self.0 {
            return ctx.send_to("out", event);
        }
        ctx.send_to("back", Event::new(event.text()?))?;
        ctx.send_to("back", event)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cycle_that_multiplies_neither_locks_nor_loses() {
    const ROOTS: u64 = 2_000;
    let sink = Collect::default();
    let mut director = Director::new("cycle");
    let source = director.register("source", Count(ROOTS));
    let multiply = director.register("multiply", Multiply(12));
    let back = director.register("back", Forward);
    let out = director.register("out", sink.clone());
    director.connect(source, multiply);
    director.connect(multiply, back);
    director.connect(back, multiply);
    director.connect(multiply, out);
    let flow = director.start().await.unwrap();
    tokio::time::timeout(Duration::from_secs(120), flow.block())
        .await
        .expect("no deadlock");
    assert!(flow.stop().await.is_clean());
    // Hops 1, 3, … 11 double; the copy of hop 13 leaves.
    assert_eq!(sink.texts().len() as u64, ROOTS * 64);
    let snapshot = flow.snapshot();
    assert_eq!(
        (snapshot.delivered, snapshot.failed, snapshot.open),
        (ROOTS, 0, 0)
    );
    assert_eq!((snapshot.permits, snapshot.bytes), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saturated_cycle_stops_and_finishes_what_is_under_way() {
    let sink = Collect::default();
    let mut director = Director::new("stopped cycle");
    let source = director.register("source", Count(u64::MAX));
    let multiply = director.register("multiply", Multiply(8));
    let back = director.register("back", Forward);
    let out = director.register("out", sink.clone());
    director.connect(source, multiply);
    director.connect(multiply, back);
    director.connect(back, multiply);
    director.connect(multiply, out);
    let flow = director.start().await.unwrap();
    while sink.texts().len() < 10_000 {
        tokio::task::yield_now().await;
    }
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    // Hops 1, 3, 5 and 7 double.
    assert_eq!(sink.texts().len() as u64, snapshot.delivered * 16);
    assert_eq!((snapshot.failed, snapshot.open), (0, 0));
    assert_eq!((snapshot.permits, snapshot.bytes), (0, 0));
}

#[tokio::test]
async fn an_endless_loop_ends_at_the_hop_limit() {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let mut director = Director::new("loop");
    let script = vec![Event::new("round")];
    let source = director.register("source", Script(script, outcomes.clone()));
    let a = director.register("a", Forward);
    let b = director.register("b", Forward);
    director.connect(source, a);
    director.connect(a, b);
    director.connect(b, a);
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    let outcomes = outcomes.lock().unwrap();
    let Outcome::Failed(failure) = &outcomes[0] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(failure.error.kind(), ErrorKind::Exceeded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saturated_cycle_stays_within_its_bound() {
    const ROOTS: u64 = 5_000;
    const BYTES: usize = 256 << 10;
    let mut director = Director::new("bounded cycle");
    director.set_limits(Limits {
        roots: 64,
        bytes: BYTES,
        ..Limits::default()
    });
    let source = director.register("source", Count(ROOTS));
    let multiply = director.register("multiply", Multiply(12));
    let back = director.register("back", Forward);
    let out = director.register("out", Collect::default());
    director.connect(source, multiply);
    director.connect(multiply, back);
    director.connect(back, multiply);
    director.connect(multiply, out);
    let flow = director.start().await.unwrap();
    let (mut most_bytes, mut most_roots) = (0, 0);
    let watch = async {
        loop {
            let snapshot = flow.snapshot();
            most_bytes = snapshot.bytes.max(most_bytes);
            most_roots = snapshot.permits.max(most_roots);
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = flow.block() => {}
        () = watch => {}
        () = tokio::time::sleep(Duration::from_secs(120)) => panic!("the cycle is locked"),
    }
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    assert_eq!(snapshot.delivered + snapshot.failed, ROOTS);
    assert_eq!((snapshot.permits, snapshot.bytes, snapshot.open), (0, 0, 0));
    assert!(most_roots <= 64, "{most_roots} roots");
    // 64 roots of 64 events each need 2 MiB: so the cap was met, and what exceeded it took the error path.
    assert!(
        most_bytes > BYTES as u64 / 2,
        "not saturated: {most_bytes} bytes"
    );
    assert!(most_bytes <= 2 * BYTES as u64, "{most_bytes} bytes");
}

/// Sends each event on and fails all the same, so that it doubles.
struct Stumble;

impl Actor for Stumble {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)?;
        Err(Error::unavailable("too late"))
    }
}

#[test]
fn a_cycle_that_fails_and_goes_on_stays_within_its_bound() {
    // The simulation sees to the bound.
    let snapshot = Simulation::seed(1).run(|| {
        let mut director = Director::new("doubling cycle");
        director.set_limits(Limits {
            bytes: 64 << 10,
            hops: 30,
            ..Limits::default()
        });
        let source = director.register("source", Count(3));
        let stumble = director.register("stumble", Stumble);
        director.connect(source, stumble);
        director.connect(stumble, stumble);
        director.connect_error(stumble, stumble);
        director
    });
    assert_eq!(snapshot.failed, 3);
}
