//! Faults of the original's queues, and of its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use compysition::{Actor, Context, Event, Limits, Ports, Result};

use crate::support::{Seen, actor, with_door};

/// Counts how many events are inside at a time, itself a greedy source of a hundred.
struct Greedy(Arc<AtomicUsize>);

impl Actor for Greedy {
    async fn start(&mut self, ctx: &Context) -> Result {
        let inside = self.0.clone();
        ctx.produce(|source| async move {
            for number in 0..100 {
                drop(source.emit(number.to_string()).await?);
                inside.fetch_add(1, SeqCst);
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Takes its time for each event.
struct Slow {
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Actor for Slow {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.most.fetch_max(self.inside.load(SeqCst), SeqCst);
        self.inside.fetch_sub(1, SeqCst);
        ctx.send(event)
    }
}

#[tokio::test(start_paused = true)]
async fn the_size_of_a_flow_is_a_bound() {
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut director = compysition::Director::new("bound");
    director.set_limits(Limits {
        roots: 4,
        ..Limits::default()
    });
    let source = director.register("source", Greedy(inside.clone()));
    let slow = director.register(
        "slow",
        Slow {
            inside,
            most: most.clone(),
        },
    );
    let seen = Seen::default();
    let sink = director.register("sink", seen.clone());
    director.connect(source, slow);
    director.connect(slow, sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert_eq!(seen.events().len(), 100);
    assert!((1..=4).contains(&most.load(SeqCst)), "{most:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_is_under_way_and_stops_the_error_actor_last() {
    let (mut director, door, handle) = with_door("stop");
    let seen = Seen::default();
    let wait = director.register("wait", actor("throttle: { rate: 1/s, burst: 1 }"));
    let fails = director.register("fails", actor("xml_to_json"));
    let errors = director.register("errors", seen.clone());
    director.set_errors(errors);
    director.connect(door, wait);
    director.connect(wait, fails);
    let flow = director.start().await.unwrap();
    let mut told = Vec::new();
    for _ in 0..5 {
        told.push(handle.tell("<a").await.unwrap());
    }
    assert!(flow.stop().await.is_clean());
    assert_eq!(seen.texts(), ["<a"; 5]);
    assert_eq!(flow.snapshot().open, 0);
}

#[tokio::test]
async fn what_ends_without_an_outbox_is_counted() {
    let (mut director, door, handle) = with_door("end");
    let end = director.register("end", actor("set: { attributes.x: 1 }"));
    director.connect(door, end);
    let flow = director.start().await.unwrap();
    assert!(handle.tell("x").await.unwrap().await.is_delivered());
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    let end = snapshot.actors.iter().find(|actor| actor.name == "end");
    assert_eq!(end.unwrap().ended, 1);
}
