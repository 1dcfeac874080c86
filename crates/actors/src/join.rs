//! What was sent several ways comes together.

use std::collections::HashMap;
use std::time::Duration;

use compysition_core::{Actor, Context, Error, Event, Ports, Result, Tick, TimeSpan};
use compysition_expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::parts::{Come, Parts};

/// Unites what came of one event on several ways: an aggregator.
///
/// Each inbox brings a part, named as the actor that it comes from; the error outbox of that actor brings the same part, as failed
/// (`ask.error -> join`). When all parts are there, one event goes on, whose payload is an object with the payload of each part under
/// its name, or their list (`merge: list`), in the order of `parts`. It answers for all of them, has the attributes of the part that came
/// first, and the errors of the failed parts in `attributes.join.errors`.
///
/// If more parts failed than `at_least` allows, the event takes the error path with the first error. If parts are missing after
/// `timeout`, it takes the error path as a time-out that names them, or goes on without them (`on_timeout: emit`) if there are `at_least` so
/// many. A second event of one part is put aside with a warning, and so is a part that comes when the rest has gone on.
///
/// Parts belong together if they descend from the same root, or have the same `key`.
///
/// Example: `join: { timeout: 1s, at_least: 1, on_timeout: emit }`
#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Join {
    /// The parts, in the order of a list; all inboxes by default.
    parts: Vec<String>,
    /// What parts have in common, an expression; their root by default.
    key: Option<Expression>,
    /// How long the first part waits for the others; 30 s by default.
    timeout: TimeSpan,
    /// How many parts must be good; all by default.
    at_least: Option<usize>,
    /// What happens when parts are missing after that time.
    on_timeout: OnTimeout,
    /// What is made of the parts.
    merge: Merge,
    #[serde(skip)]
    waiting: HashMap<String, Parts>,
    /// Those that have gone on, and until when a late part of them is known as one.
    #[serde(skip)]
    gone: HashMap<String, Instant>,
}

/// Says what becomes of an event whose parts have not all come in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// It takes the error path.
    #[default]
    Error,
    /// It goes on with the parts that there are.
    Emit,
}

/// Says what is made of parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// An object of their payloads, by their names.
    #[default]
    Object,
    /// A list of their payloads.
    List,
}

/// How much longer than its time-out a part is held at most, so that it does not expire just before.
const MARGIN: Duration = Duration::from_secs(60);

impl Default for Join {
    fn default() -> Join {
        Join {
            parts: Vec::new(),
            key: None,
            timeout: TimeSpan::seconds(30),
            at_least: None,
            on_timeout: OnTimeout::Error,
            merge: Merge::Object,
            waiting: HashMap::new(),
            gone: HashMap::new(),
        }
    }
}

impl Join {
    /// Makes an actor that waits for a part from each inbox.
    pub fn new() -> Join {
        Join::default()
    }

    /// Sets how long the first part waits for the others.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Join {
        self.timeout = TimeSpan(timeout);
        self
    }

    /// Returns the part that an inbox brings.
    fn part(&self, inbox: &str) -> Result<usize> {
        let place = |name: &str| self.parts.iter().position(|part| part == name);
        let found = place(inbox).or_else(|| place(part_of(inbox)));
        found.ok_or_else(|| {
            let parts = self.parts.join(", ");
            Error::internal(format!(
                "inbox `{inbox}` brings no part; the parts are {parts}"
            ))
        })
    }

    fn key(&self, event: &Event, ctx: &Context) -> Result<String> {
        match &self.key {
            Some(key) => Ok(key.evaluate((event, ctx))?.to_string()),
            None => Ok(event.root_id().unwrap_or(event.id()).to_string()),
        }
    }

    fn put_aside(&self, event: &Event, ctx: &Context, why: &'static str) {
        let (flow, actor, inbox) = (ctx.flow(), ctx.actor(), ctx.inbox());
        tracing::warn!(flow, actor, inbox, meta_id = %event.meta_id(), "{why}");
    }

    /// Sends on what has come, or what is wrong with it.
    fn finish(&mut self, key: String, ctx: &Context) -> Result {
        let Some(waiting) = self.waiting.remove(&key) else {
            return Ok(());
        };
        self.gone.insert(key, ctx.now() + self.timeout.0);
        let Come {
            good,
            errors,
            missing,
            first_error,
        } = waiting.look(&self.parts);
        let is_enough = good.len() >= self.at_least.unwrap_or(self.parts.len()).max(1);
        let may_go = missing.is_empty() || self.on_timeout == OnTimeout::Emit;
        let error = match is_enough && may_go {
            true => None,
            false if missing.is_empty() => first_error,
            false => Some(Error::timeout(format!(
                "parts are missing after {:?}: {}",
                self.timeout.0,
                missing.join(", ")
            ))),
        };
        let told = json!({ "errors": errors, "missing": missing });
        let is_whole = errors.is_empty() && missing.is_empty();
        let payload = match self.merge {
            Merge::Object => Value::Object(good),
            Merge::List => good.into_iter().map(|(_, value)| value).collect(),
        };
        let merged = waiting.unite(payload, ctx);
        let merged = match is_whole {
            true => merged,
            false => merged.with_attribute("join", told),
        };
        match error {
            None => ctx.send(merged),
            Some(error) => ctx.send_error(merged, error),
        }
    }
}

/// Returns what the actor behind an inbox is called: its errors come in under a name of their own.
fn part_of(inbox: &str) -> &str {
    inbox.strip_prefix("error_").unwrap_or(inbox)
}

impl Actor for Join {
    async fn start(&mut self, ctx: &Context) -> Result {
        if self.parts.is_empty() {
            for inbox in ctx.inboxes() {
                let part = part_of(inbox);
                if !self.parts.iter().any(|known| known == part) {
                    self.parts.push(part.to_owned());
                }
            }
        }
        let comes = |part: &&String| {
            ctx.inboxes()
                .any(|inbox| inbox == *part || part_of(inbox) == *part)
        };
        match self.parts.iter().find(|part| !comes(part)) {
            None => Ok(()),
            Some(part) => Err(Error::internal(format!(
                "no inbox brings the part `{part}`"
            ))),
        }
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let part = self.part(ctx.inbox())?;
        let key = self.key(&event, ctx)?;
        if self.gone.contains_key(&key) {
            self.put_aside(&event, ctx, "a part came after the others had gone on");
            return Ok(());
        }
        let is_second = |waiting: &Parts| waiting.held.contains_key(&part);
        if self.waiting.get(&key).is_some_and(is_second) {
            self.put_aside(&event, ctx, "a second event of a part was put aside");
            return Ok(());
        }
        let held = ctx.hold_for(event, self.timeout.0 + MARGIN)?;
        let due = ctx.now() + self.timeout.0;
        let waiting = self
            .waiting
            .entry(key.clone())
            .or_insert_with(|| Parts::new(part, due));
        waiting.held.insert(part, held);
        if waiting.held.len() == self.parts.len() {
            return self.finish(key, ctx);
        }
        ctx.wake_after(self.timeout.0);
        Ok(())
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        let now = ctx.now();
        let is_over = |waiting: &Parts| match why {
            Tick::Timer => waiting.due <= now,
            Tick::Stopping => true,
            _ => false,
        };
        let over = self.waiting.iter().filter(|(_, waiting)| is_over(waiting));
        let over: Vec<String> = over.map(|(key, _)| key.clone()).collect();
        for key in over {
            self.finish(key, ctx)?;
        }
        self.gone.retain(|_, until| *until > now);
        let dues = self.waiting.values().map(|waiting| waiting.due);
        if let Some(next) = dues.chain(self.gone.values().copied()).min() {
            ctx.wake_after(next.saturating_duration_since(now));
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop().single()
    }
}
