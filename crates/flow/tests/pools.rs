//! Pools of flow files: how many work side by side, and in which order.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use compysition_core::{Actor, Context, Event, Ports, Result};
use compysition_flow::Loader;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;

/// Takes longer for those that come first: four seconds for number 0, and one less for each other.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Slow {}

impl Actor for Slow {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let number = event.attribute("number").and_then(|number| number.as_u64());
        let left = 4_u64.saturating_sub(number.unwrap_or(0));
        tokio::time::sleep(Duration::from_secs(left)).await;
        ctx.send(event)
    }
}

/// Fails if the numbers do not come in order.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InOrder {
    #[serde(skip)]
    next: u64,
}

impl Actor for InOrder {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        assert_eq!(*event.attribute("number").unwrap(), self.next);
        self.next += 1;
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Runs four events through slow actors, and returns the seconds that it took and how many were out of order.
async fn run(before: &str, slow: &str) -> (u64, u64) {
    let mut registry = common::registry();
    registry.add::<Slow>("slow").add::<InOrder>("in_order");
    let text = format!(
        "{before}
actors:
  n: {{ numbers: {{ count: 4 }} }}
  slow: {slow}
  in_order: in_order
connect: [n -> slow -> in_order]
"
    );
    let loaded = Loader::new(registry).load_text("a.yaml", &text);
    let flow = loaded.unwrap().remove(0).start().await.unwrap();
    let start = Instant::now();
    flow.block().await;
    let snapshot = flow.snapshot();
    assert!(flow.stop().await.is_clean());
    (start.elapsed().as_secs(), snapshot.failed)
}

#[tokio::test(start_paused = true)]
async fn one_by_one_it_takes_the_time_of_all() {
    assert_eq!(run("", "slow").await, (10, 0));
}

#[tokio::test(start_paused = true)]
async fn a_pool_takes_the_time_of_the_slowest() {
    let (seconds, out_of_order) = run("", "{ slow: {}, pool: 4 }").await;
    assert_eq!(seconds, 4);
    assert!(out_of_order > 0);
    // Two and two: 0 and 1, then 2 and 3 as they come free.
    assert_eq!(run("", "{ slow: {}, pool: { size: 2 } }").await.0, 5);
}

#[tokio::test(start_paused = true)]
async fn the_order_of_the_input_can_be_kept() {
    let in_order = "{ slow: {}, pool: { size: 4, order: input } }";
    assert_eq!(run("", in_order).await, (4, 0));
}

#[tokio::test(start_paused = true)]
async fn events_of_one_key_wait_for_each_other() {
    let by_key = "{ slow: {}, pool: { size: 4, key: attributes.number % 2 } }";
    // 0 and 2 take 4 and 2 seconds, meanwhile 1 and 3.
    assert_eq!(run("", by_key).await.0, 6);
    let of_one = "{ slow: {}, pool: { size: 4, order: key, key: inbox } }";
    assert_eq!(run("", of_one).await, (10, 0));
}

#[tokio::test(start_paused = true)]
async fn a_default_is_for_those_that_may_have_one() {
    let (seconds, _) = run("defaults: { pool: 4 }", "slow").await;
    assert_eq!(seconds, 4);
    let its_own = "{ slow: {}, pool: 1 }";
    assert_eq!(run("defaults: { pool: 4 }", its_own).await, (10, 0));
}

/// A text and the mistakes in it: line, column, and parts of the message and of the help.
type Case = (
    &'static str,
    &'static [(usize, usize, &'static str, &'static str)],
);

const WRONG: &[Case] = &[
    (
        "actors:\n  n: { numbers: {}, pool: 3 }\n  s: { sink: {}, pool: 0 }\nconnect: [n -> s]\n",
        &[
            (2, 3, "it makes events", ""),
            (3, 24, "a whole number from 1, found `0`", ""),
        ],
    ),
    (
        "actors:\n  n: numbers\n  s: { sink: {}, pool: many }\n  t: { sink: {}, pool: { size: 2, ordre: key } }\nconnect:\n  - n -> s, t\n",
        &[
            (3, 24, "a whole number from 1, found the text `many`", ""),
            (4, 35, "unknown setting `ordre`", "`order`"),
        ],
    ),
    (
        "actors:\n  n: numbers\n  s: { sink: {}, pool: { size: 2, order: key } }\n  t: { sink: {}, pool: { size: 2, order: input, key: id } }\n  u: { sink: {}, pool: { size: 2, key: atributes.x } }\nconnect:\n  - n -> s, t, u\n",
        &[
            (3, 24, "`order: key` needs a `key`", ""),
            (4, 24, "a `key` is for `order: key`", ""),
            (5, 40, "`atributes`", ""),
        ],
    ),
];

#[test]
fn mistakes_are_found_where_they_are() {
    let mut wrong = Vec::new();
    for (text, expected) in WRONG {
        common::check(text, expected, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
