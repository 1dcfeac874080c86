//! Instances that panic.

use std::time::Duration;

use compysition_core::{Actor, ActorState, Context, Event, OnFailed, Pool, Result, Supervision};

use crate::support::{Log, Worker, by_key, finish, flow, job};

fn strict(on_failed: OnFailed) -> Supervision {
    Supervision {
        restarts: 1,
        backoff: Duration::from_secs(10).into(),
        on_failed,
        ..Supervision::default()
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_for_good_takes_no_more_events_while_others_work() {
    let log = Log::new();
    let mut events = vec![job("panic", 0, 1), job("panic", 0, 1)];
    events.extend((0..20).map(|n| job(n, 0, 100)));
    // The first free instance is the one that was free last: the same twice.
    let (mut director, _, out) = flow(events, Worker::factory(&log), Pool::of(1));
    director.set_supervision(strict(OnFailed::Continue));
    let snapshot = finish(director).await.snapshot();
    assert_eq!(snapshot.actors[1].state, ActorState::Failed);
    assert_eq!((snapshot.delivered, snapshot.failed), (0, 22));
    assert_eq!(out.texts().len(), 22);

    let log = Log::new();
    let mut events = vec![job("panic", 0, 1), job("stay", 0, 500), job("panic", 0, 1)];
    events.extend((0..20).map(|n| job(n, 0, 100)));
    let (mut director, _, _) = flow(events, Worker::factory(&log), Pool::of(2));
    director.set_supervision(strict(OnFailed::StopFlow));
    let flow = finish(director).await;
    let snapshot = flow.snapshot();
    assert_eq!(snapshot.actors[1].state, ActorState::Running);
    assert_eq!(snapshot.actors[1].pool.unwrap().failed, 1);
    assert_eq!((snapshot.delivered, snapshot.failed), (21, 2));
    assert!(flow.failure().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_pool_has_failed_when_all_of_it_have() {
    for order in [Pool::of(3), by_key(Pool::of(3)), Pool::of(3).in_order()] {
        let log = Log::new();
        let mut events: Vec<Event> = (0..20).map(|n| job("panic", n % 4, 1)).collect();
        events.extend((0..10).map(|n| job(n, n % 4, 1)));
        let (mut director, _, out) = flow(events, Worker::factory(&log), order);
        director.set_supervision(strict(OnFailed::StopFlow));
        let flow = finish(director).await;
        let snapshot = flow.snapshot();
        assert_eq!(snapshot.actors[1].state, ActorState::Failed);
        assert_eq!(snapshot.actors[1].restarts, 3);
        assert_eq!(snapshot.actors[1].pool.unwrap().failed, 3);
        assert_eq!(log.entries().len(), 6);
        assert_eq!(snapshot.failed as usize, out.texts().len());
        let failure = flow.failure().unwrap().to_string();
        assert!(failure.contains("`pooled` has failed"), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_made_anew_holds_up_no_other() {
    let log = Log::new();
    let events = [("panic", 1), ("panic", 1), ("a", 1), ("b", 1), ("c", 2)];
    let events = events
        .iter()
        .map(|(name, key)| job(name, *key, 1))
        .collect();
    let (mut director, _, out) = flow(events, Worker::factory(&log), by_key(Pool::of(2)));
    director.set_supervision(Supervision {
        backoff: Duration::from_secs(10).into(),
        max_backoff: Duration::from_secs(10).into(),
        ..Supervision::default()
    });
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(log.end() < Duration::from_secs(1));
    assert_eq!(out.texts().len(), 5);
    assert!(flow.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_was_a_value_goes_on_as_it_is() {
    struct Sum(u32);
    impl Actor for Sum {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            self.0 += 1;
            assert_ne!(event.text()?, "panic");
            ctx.send(event.with(self.0.to_string()))
        }
    }
    let events = [job("a", 0, 0), job("panic", 0, 0), job("b", 0, 0)].to_vec();
    let (director, _, out) = flow(events, Sum(0), Pool::of(1).in_order());
    finish(director).await;
    assert_eq!(out.texts(), ["1", "panic", "3"]);
}
