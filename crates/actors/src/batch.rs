//! Many events become one.

use std::collections::BTreeMap;
use std::time::Duration;

use compysition_core::{
    Actor, ByteSize, Context, Error, Event, Held, Payload, Ports, Result, Tick, TimeSpan,
    more_than_nothing,
};
use compysition_expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

/// Collects events and sends them on as one, whose payload is the list of theirs.
///
/// A batch is sent when it has `count` events or `bytes` of payload, when its first event is `age` old, when sources wait for
/// room, and when the flow stops. It is one event for all that it is made of: a source hears that its event was delivered when the
/// batch was. It has the attributes of its first event, and how many there are in `attributes.batch.count`. With `key` the
/// events of each key have a batch of their own. `encode` makes lines or CSV of the list.
///
/// Example: `batch: { count: 500, bytes: 1MiB, age: 2s }`
///
/// Purpose: gather and split. Patterns: aggregator.
#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Batch {
    /// How many events make a batch.
    #[serde(alias = "bucket_size")]
    #[serde(deserialize_with = "more_than_nothing")]
    count: usize,
    /// How many bytes of payload make a batch; without it they do not matter.
    #[serde(deserialize_with = "more_than_nothing")]
    bytes: Option<ByteSize>,
    /// How long the first event of a batch waits at most.
    #[serde(alias = "bucket_age")]
    age: TimeSpan,
    /// What the events of a batch have in common, an expression.
    key: Option<Expression>,
    #[serde(skip)]
    batches: BTreeMap<String, Collected>,
}

/// A batch in the making.
struct Collected {
    held: Vec<Held>,
    bytes: usize,
    due: Instant,
}

/// How much longer than a batch an event is kept at most, so that it does not expire just before it is sent.
const MARGIN: Duration = Duration::from_secs(60);

impl Default for Batch {
    fn default() -> Batch {
        Batch {
            count: 100,
            bytes: None,
            age: TimeSpan::seconds(10),
            key: None,
            batches: BTreeMap::new(),
        }
    }
}

impl Batch {
    /// Makes an actor that sends batches of so many events.
    pub fn of(count: usize) -> Batch {
        Batch {
            count,
            ..Batch::default()
        }
    }

    /// Sets how long the first event of a batch waits at most.
    #[must_use]
    pub fn age(mut self, age: Duration) -> Batch {
        self.age = TimeSpan(age);
        self
    }

    fn is_full(&self, batch: &Collected) -> bool {
        let is_large = |limit: ByteSize| batch.bytes >= limit.0;
        batch.held.len() >= self.count || self.bytes.is_some_and(is_large)
    }

    /// Sends the batches that are due at a time, or all.
    fn flush(&mut self, due: Option<Instant>, ctx: &Context) -> Result {
        let is_due = |batch: &Collected| due.is_none_or(|now| batch.due <= now);
        let keys: Vec<String> = self
            .batches
            .iter()
            .filter(|(_, batch)| is_due(batch))
            .map(|(key, _)| key.clone())
            .collect();
        // One that cannot be sent keeps none of the others: nothing would call for them again.
        let mut all = Ok(());
        for batch in keys.iter().filter_map(|key| self.batches.remove(key)) {
            all = all.and(send(batch, ctx));
        }
        if let Some(next) = self.batches.values().map(|batch| batch.due).min() {
            ctx.wake_after(next.saturating_duration_since(ctx.now()));
        }
        all
    }
}

fn send(batch: Collected, ctx: &Context) -> Result {
    let mut count = 0;
    let merged = ctx.merge_with(batch.held, |events| {
        count = events.len();
        let values = events.iter().map(|event| event.payload().to_value());
        Payload::from(values.collect::<Value>())
    });
    match count {
        // All of them were too old, and took the error path.
        0 => Ok(()),
        _ => ctx.send(merged.with_attribute("batch", json!({ "count": count }))),
    }
}

impl Actor for Batch {
    async fn start(&mut self, _: &Context) -> Result {
        match self.count {
            0 => Err(Error::internal("`count: 0` makes no batch")),
            _ => Ok(()),
        }
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let key = match &self.key {
            None => String::new(),
            Some(key) => key.evaluate((&event, ctx))?.to_string(),
        };
        let bytes = event.payload().size();
        let held = ctx.hold_for(event, self.age.0 + MARGIN)?;
        let batch = self
            .batches
            .entry(key.clone())
            .or_insert_with(|| Collected {
                held: Vec::new(),
                bytes: 0,
                due: ctx.now() + self.age.0,
            });
        batch.held.push(held);
        batch.bytes += bytes;
        match self.batches.remove(&key) {
            Some(batch) if self.is_full(&batch) => send(batch, ctx),
            Some(batch) => {
                ctx.wake_after(batch.due.saturating_duration_since(ctx.now()));
                self.batches.insert(key, batch);
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        let due = matches!(why, Tick::Timer).then(|| ctx.now());
        self.flush(due, ctx)
    }

    fn ports(&self) -> Ports {
        Ports::any().holds().single()
    }
}
