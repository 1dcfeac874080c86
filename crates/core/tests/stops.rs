//! What is not done when the deadline of a stop passes.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use common::Count;
use compysition_core::{Actor, Context, Director, Event, Pool, Ports, Result, Stopped};
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// How long an event takes: at the deadline, a second after the first began, each turn is at its third.
const EACH: Duration = Duration::from_millis(400);

/// Counts the events that it begins, each of which takes a while.
struct Slow(Arc<AtomicUsize>);

impl Actor for Slow {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        self.0.fetch_add(1, SeqCst);
        sleep(EACH).await;
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Does the same for two events at a time, in the background.
struct Calls {
    begun: Arc<AtomicUsize>,
    turns: Arc<Semaphore>,
}

impl Actor for Calls {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let turn = self.turns.clone().acquire_owned().await?;
        let begun = self.begun.clone();
        ctx.spawn(event, move |event, ctx| async move {
            let _turn = turn;
            begun.fetch_add(1, SeqCst);
            sleep(EACH).await;
            ctx.send(event)
        });
        Ok(())
    }
}

/// Stops a flow in which 100 events are for one actor a moment after it began.
async fn stop(mut director: Director, begun: &AtomicUsize) -> Stopped {
    director.set_stop_deadline(Duration::from_secs(1));
    let flow = director.start().await.unwrap();
    while begun.load(SeqCst) == 0 || flow.snapshot().admitted < 100 {
        tokio::task::yield_now().await;
    }
    let stopped = flow.stop().await;
    let snapshot = flow.snapshot();
    assert_eq!((snapshot.open, snapshot.failed), (0, stopped.failed));
    stopped
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_any_more_when_the_deadline_of_a_stop_has_passed() {
    for (instances, done, begun_in_all) in [(1, 2, 3), (3, 6, 9)] {
        let begun: Arc<AtomicUsize> = Arc::default();
        let counts = begun.clone();
        let mut director = Director::new("late");
        let source = director.register("source", Count(100));
        let slow = director.register("slow", move || Slow(counts.clone()));
        if instances > 1 {
            director.set_pool(slow, Pool::of(instances));
        }
        director.connect(source, slow);
        let stopped = stop(director, &begun).await;
        assert_eq!(begun.load(SeqCst), begun_in_all);
        assert_eq!(stopped.whose(), format!("slow ({})", 100 - done));
        assert_eq!(stopped.failed, 100 - done);
    }
}

#[tokio::test(start_paused = true)]
async fn work_in_the_background_is_named_and_not_begun_after_the_deadline() {
    let begun: Arc<AtomicUsize> = Arc::default();
    let mut director = Director::new("calls");
    let source = director.register("source", Count(100));
    let turns = Arc::new(Semaphore::new(2));
    let calls = Calls {
        begun: begun.clone(),
        turns: turns.clone(),
    };
    let calls = director.register("calls", calls);
    director.connect(source, calls);
    let stopped = stop(director, &begun).await;
    assert_eq!(begun.load(SeqCst), 6);
    assert_eq!(stopped.whose(), "calls (96)");
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_only_waits_for_its_background_work_is_named() {
    let begun: Arc<AtomicUsize> = Arc::default();
    let mut director = Director::new("calls");
    let source = director.register("source", Count(100));
    let calls = Calls {
        begun: begun.clone(),
        turns: Arc::new(Semaphore::new(100)),
    };
    let calls = director.register("calls", calls);
    director.connect(source, calls);
    director.set_stop_deadline(Duration::from_millis(100));
    let flow = director.start().await.unwrap();
    while begun.load(SeqCst) < 100 {
        tokio::task::yield_now().await;
    }
    let stopped = flow.abort().await;
    assert_eq!(stopped.unfinished, ["calls"]);
    assert_eq!(stopped.failed_at["calls"], 100);
}
