//! The harness for tests of actors.

use std::time::Duration;

use compysition_core::testing::Harness;
use compysition_core::{Actor, Context, Error, Event, Held, Outcome, Ports, Result, Tick};

struct Upper;

impl Actor for Upper {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let upper = event.text()?.to_uppercase();
        ctx.send(event.with(upper))
    }
}

#[test]
fn records_what_comes_out() {
    let mut harness = Harness::new(Upper);
    assert!(harness.send("hello").unwrap().is_delivered());
    assert_eq!(harness.take()[0].text().unwrap(), "HELLO");
    let outcome = harness.send(vec![0xff]).unwrap();
    assert!(matches!(outcome, Outcome::Failed(_)));
    assert_eq!(harness.errors()[0].bytes().unwrap(), [0xff]);
}

/// Joins texts until time is up or the flow stops.
#[derive(Default)]
struct Batch(Vec<Held>);

impl Actor for Batch {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.push(ctx.hold(event)?);
        ctx.wake_after(Duration::from_secs(5));
        Ok(())
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        let held: Vec<Held> = self.0.drain(..).collect();
        if held.is_empty() {
            return Ok(());
        }
        let texts: Vec<&str> = held
            .iter()
            .filter_map(|held| held.event().text().ok())
            .collect();
        let all = texts.join(" ");
        ctx.send(ctx.merge(held, all))
    }
}

#[test]
fn held_events_go_when_their_time_has_come() {
    let mut harness = Harness::new(Batch::default());
    assert!(harness.send("a").is_none());
    assert!(harness.send("b").is_none());
    assert_eq!(harness.inside(), 2);
    harness.advance(Duration::from_secs(4));
    assert!(harness.take().is_empty());
    harness.advance(Duration::from_secs(2));
    assert_eq!(harness.take()[0].text().unwrap(), "a b");
    assert_eq!(harness.inside(), 0);
}

#[test]
fn held_events_go_when_the_flow_stops() {
    let mut harness = Harness::new(Batch::default());
    harness.send("a");
    assert!(harness.stop().is_clean());
    assert_eq!(harness.take()[0].text().unwrap(), "a");
}

#[test]
#[should_panic(expected = "1 events are still inside")]
fn fails_when_an_event_is_still_inside() {
    let mut harness = Harness::new(Batch::default());
    harness.send("a");
}

struct Silent;

impl Actor for Silent {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }
}

#[test]
#[should_panic(expected = "neither sent nor held")]
fn fails_an_actor_that_swallows_events() {
    Harness::new(Silent).send("a");
}

struct Loses;

impl Actor for Loses {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        drop(ctx.hold(event)?);
        Ok(())
    }
}

#[test]
fn a_held_event_dropped_fails_its_root() {
    let outcome = Harness::new(Loses).send("a").unwrap();
    let Outcome::Failed(failure) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(&*failure.actor, "actor");
}

struct Later;

impl Actor for Later {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.spawn(event, |event, ctx| async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            match event.text()? {
                "bad" => Err(Error::conflict("later")),
                _ => ctx.send(Event::new("child")),
            }
        });
        Ok(())
    }
}

#[test]
fn background_work_has_the_error_path_and_may_send_children() {
    let mut harness = Harness::new(Later);
    assert!(harness.send("good").unwrap().is_delivered());
    assert_eq!(harness.take()[0].text().unwrap(), "child");
    assert!(!harness.send("bad").unwrap().is_delivered());
    assert_eq!(
        harness.errors()[0].error().unwrap().error.message(),
        "later"
    );
}

struct Routes;

impl Actor for Routes {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let outbox = event.text()?.to_owned();
        ctx.send_to(outbox, event)
    }

    fn ports(&self) -> Ports {
        Ports::any().outboxes(["left", "right"])
    }
}

#[test]
fn an_unknown_outbox_is_an_error_that_names_the_known_ones() {
    let mut harness = Harness::new(Routes);
    harness.send("left");
    assert_eq!(harness.take_from("left").len(), 1);
    harness.send("up");
    let errors = harness.errors();
    let message = errors[0].error().unwrap().error.message();
    assert_eq!(
        message,
        "there is no outbox `up`; connected are left, right"
    );
}
