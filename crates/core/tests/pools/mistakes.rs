//! Pools that there cannot be, and instances that cannot be made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use compysition_core::{
    Actor, Context, Director, Error, Event, IntoActor, Pool, Ports, Result, map,
};
use tokio::time::Instant;

use crate::common::{Count, Forward};
use crate::support::{flow, job};

fn mistakes<Form>(actor: impl IntoActor<Form>, pool: Pool) -> Vec<String> {
    let mut director = Director::new("wrong");
    let source = director.register("source", Count(1));
    let pooled = director.register("pooled", actor);
    director.connect(source, pooled);
    director.set_pool(pooled, pool);
    let found = director.check().err();
    let messages: Vec<String> = found
        .into_iter()
        .flat_map(|error| error.problems)
        .map(|problem| problem.message)
        .collect();
    messages
}

#[track_caller]
fn assert_mistake<Form>(actor: impl IntoActor<Form>, pool: Pool, expected: &str) {
    let messages = mistakes(actor, pool);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(
        messages[0].contains("no such pool of `pooled`"),
        "{messages:?}"
    );
    assert!(messages[0].contains(expected), "{messages:?}");
}

/// Joins events.
struct Join;

impl Actor for Join {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().single()
    }
}

/// A door.
struct Door;

impl Actor for Door {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}

#[test]
fn what_makes_no_sense_is_found_before_the_start() {
    assert_mistake(|| Forward, Pool::of(0), "with no instance");
    assert_mistake(|| Forward, Pool::of(100_000), "at most 65536");
    assert_mistake(Forward, Pool::of(2), "register a function that makes it");
    assert_mistake(
        || Count(1),
        Pool::of(2),
        "each instance would make them all",
    );
    assert_mistake(Count(1), Pool::of(2), "each instance would make them all");
    assert_mistake(|| Door, Pool::of(2), "a door handles requests side by side");
    assert_mistake(|| Join, Pool::of(2), "concerns the others");
    assert_mistake(map(|event: Event| event), Pool::of(2), "a plain function");
    assert_eq!(mistakes(|| Forward, Pool::of(2)), [""; 0]);
    assert_eq!(mistakes(Forward, Pool::of(1)), [""; 0]);
}

#[test]
fn a_director_tells_which_actors_may_have_a_pool() {
    let mut director = Director::new("asked");
    let made = director.register("made", || Forward);
    let value = director.register("value", Forward);
    let source = director.register("source", || Count(1));
    let single = director.register("single", || Join);
    let function = director.register("function", map(|event: Event| event));
    let reply = director.reply();
    assert!(director.may_pool(made));
    for node in [value, source, single, function, reply] {
        assert!(!director.may_pool(node));
    }
}

#[tokio::test]
async fn instances_that_cannot_be_made_or_started_keep_the_flow_from_starting() {
    struct Third(u32);
    impl Actor for Third {
        async fn start(&mut self, _: &Context) -> Result {
            match self.0 {
                3 => Err(Error::unavailable("no third connection")),
                _ => Ok(()),
            }
        }

        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            ctx.send(event)
        }
    }
    let made: Arc<AtomicU32> = Arc::default();
    for fails in [true, false] {
        let counts = made.clone();
        counts.store(0, Relaxed);
        let make = move || match counts.fetch_add(1, Relaxed) + 1 {
            3 if fails => Err(Error::internal("there are but two")),
            number => Ok(Third(number)),
        };
        let (director, _, _) = flow(vec![job(1, 0, 0)], make, Pool::of(4));
        let error = director.start().await.err().unwrap().to_string();
        let expected = ["no third connection", "there are but two"][usize::from(fails)];
        let message = format!("actor `pooled` cannot start: {expected}");
        assert!(error.contains(&message), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn instances_start_side_by_side() {
    struct Connect;
    impl Actor for Connect {
        async fn start(&mut self, _: &Context) -> Result {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(())
        }

        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            ctx.send(event)
        }
    }
    let begun = Instant::now();
    let (director, _, _) = flow(Vec::new(), || Connect, Pool::of(100));
    let flow = director.start().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    assert!(flow.stop().await.is_clean());
}
