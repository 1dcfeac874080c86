//! Actors that keep events across calls: within a budget, for a time, and never in silence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in tests a panic is the message"
)]

mod common;

use std::time::Duration;

use common::{Collect, Count};
use compysition_core::testing::Harness;
use compysition_core::{
    Actor, Context, Director, ErrorKind, Event, Held, Limits, Outcome, Result, Retained, Tick,
};

/// Holds all it gets, and sends it when it is told to, for the reasons that it listens to.
#[derive(Default)]
struct Hoard {
    held: Vec<Held>,
    time: Option<Duration>,
    deaf: bool,
}

impl Actor for Hoard {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.held.push(match self.time {
            Some(time) => ctx.hold_for(event, time)?,
            None => ctx.hold(event)?,
        });
        Ok(())
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        if self.deaf && why != Tick::Stopping {
            return Ok(());
        }
        let events = self.held.drain(..).filter_map(Held::release);
        events.into_iter().try_for_each(|event| ctx.send(event))
    }
}

#[test]
fn what_is_held_too_long_takes_the_error_path() {
    let mut harness = Harness::new(Hoard {
        time: Some(Duration::from_secs(60)),
        ..Hoard::default()
    });
    assert!(harness.send("late").is_none());
    harness.advance(Duration::from_secs(59));
    assert!(harness.errors().is_empty());
    harness.advance(Duration::from_secs(2));
    let errors = harness.errors();
    assert_eq!(errors[0].text().unwrap(), "late");
    assert_eq!(errors[0].error().unwrap().error.kind(), ErrorKind::Timeout);
    assert_eq!(harness.inside(), 0);
    assert!(harness.stop().is_clean());
    assert!(harness.take().is_empty(), "it must not come out as well");
}

#[test]
fn a_shorter_time_is_kept_behind_a_longer_one() {
    struct Two(Vec<Held>);
    impl Actor for Two {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            let seconds = event.text()?.parse()?;
            self.0
                .push(ctx.hold_for(event, Duration::from_secs(seconds))?);
            Ok(())
        }
    }
    let mut harness = Harness::new(Two(Vec::new()));
    harness.send("100");
    harness.send("10");
    harness.advance(Duration::from_secs(11));
    assert_eq!(harness.errors()[0].text().unwrap(), "10");
    harness.advance(Duration::from_secs(90));
    assert_eq!(harness.errors()[0].text().unwrap(), "100");
}

#[test]
fn a_held_event_that_is_dropped_takes_the_error_path() {
    struct Loses;
    impl Actor for Loses {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            drop(ctx.hold(event)?);
            Ok(())
        }
    }
    let mut harness = Harness::new(Loses);
    let outcome = harness.send("a").unwrap();
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    assert_eq!(harness.errors()[0].text().unwrap(), "a");
}

#[tokio::test]
async fn what_exceeds_the_budget_takes_the_error_path() {
    let errors = Collect::default();
    let mut director = Director::new("budget");
    director.set_limits(Limits {
        held_bytes: 5 * 520,
        ..Limits::default()
    });
    let source = director.register("source", Count(8));
    let hoard = Hoard {
        deaf: true,
        ..Hoard::default()
    };
    let hoard = director.register("hoard", hoard);
    let sink = Collect::default();
    let out = director.register("out", sink.clone());
    let bad = director.register("errors", errors.clone());
    director.connect(source, hoard);
    director.connect(hoard, out);
    director.connect_error(hoard, bad);
    let flow = director.start().await.unwrap();
    flow.block().await;
    let holder = flow.snapshot().actors[1].clone();
    assert_eq!((holder.held, holder.held_bytes), (5, 5 * 513));
    assert!(flow.stop().await.is_clean());
    assert_eq!(errors.texts(), ["5", "6", "7"]);
    assert_eq!(sink.texts(), ["0", "1", "2", "3", "4"]);
    assert_eq!(flow.snapshot().actors[1].held_bytes, 0);
}

#[tokio::test]
async fn a_holder_that_fills_up_is_asked_to_flush() {
    const COUNT: u64 = 1_000;
    let sink = Collect::default();
    let mut director = Director::new("pressure");
    director.set_limits(Limits {
        held_bytes: 100 << 10,
        roots: 16,
        ..Limits::default()
    });
    let source = director.register("source", Count(COUNT));
    let hoard = director.register("hoard", Hoard::default());
    let out = director.register("out", sink.clone());
    director.connect(source, hoard);
    director.connect(hoard, out);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(sink.texts().len() > 500, "it was asked before the end");
    assert!(flow.stop().await.is_clean());
    assert_eq!(sink.texts().len() as u64, COUNT);
    assert_eq!(flow.snapshot().failed, 0);
}

/// Sends what it holds to an outbox that there is not.
#[derive(Default)]
struct Astray(Vec<Held>);

impl Actor for Astray {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.push(ctx.hold(event)?);
        ctx.wake_after(Duration::from_secs(1));
        Ok(())
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        let events = self.0.drain(..).filter_map(Held::release);
        events
            .into_iter()
            .try_for_each(|event| ctx.send_to("nowhere", event))
    }
}

#[test]
fn what_cannot_be_sent_outside_consume_takes_the_error_path() {
    let mut harness = Harness::new(Astray::default());
    harness.send("a");
    harness.send("b");
    harness.advance(Duration::from_secs(2));
    let texts: Vec<Event> = harness.errors();
    let texts: Vec<&str> = texts.iter().map(|event| event.text().unwrap()).collect();
    assert_eq!(texts, ["a", "b"]);
    assert_eq!(harness.inside(), 0);
}

/// Keeps events for a moment; lets go of those that say so.
#[derive(Default)]
struct Moment(Vec<Retained>);

impl Actor for Moment {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let is_forgotten = event.text()? == "forget";
        let retained = ctx.retain(event)?;
        if !is_forgotten {
            self.0.push(retained);
            ctx.wake_after(Duration::ZERO);
        }
        Ok(())
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        self.0.drain(..).try_for_each(|events| events.send(ctx))
    }
}

#[test]
fn what_is_kept_for_a_moment_goes_on_or_takes_the_error_path() {
    let mut harness = Harness::new(Moment::default());
    harness.send("a");
    harness.send("forget");
    harness.send("b");
    harness.advance(Duration::from_millis(1));
    let texts: Vec<String> = harness
        .take()
        .iter()
        .map(|event| event.text().unwrap().to_owned())
        .collect();
    assert_eq!(texts, ["a", "b"]);
    let failed = harness.errors();
    let message = failed[0].error().unwrap().error.message();
    assert!(
        message.contains("dropped without being sent on"),
        "{message}"
    );
    assert_eq!((failed.len(), harness.inside()), (1, 0));
}
