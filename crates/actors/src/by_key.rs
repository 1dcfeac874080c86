//! Parts that belong together since they have the same key, and of which it is known which there are.

use std::collections::{BTreeMap, HashMap};

use compysition_core::{Context, Error, Event, Held, Payload, Result, Tick};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::join::{MARGIN, Rules};
use crate::merge::Named;

/// The parts that wait for others.
#[derive(Default)]
pub(crate) struct ByKey {
    waiting: HashMap<String, Parts>,
    /// Those that have gone on, and until when a late part of them is known as one.
    gone: HashMap<String, Instant>,
}

/// What has come under one key.
struct Parts {
    /// By their place among the parts.
    held: BTreeMap<usize, Held>,
    /// The place of the one that came last and did not fail.
    last: Option<usize>,
    /// When the others are late.
    due: Instant,
}

impl ByKey {
    pub(crate) fn take(
        &mut self,
        event: Event,
        part: usize,
        key: String,
        rules: &Rules,
        ctx: &Context,
    ) -> Result {
        if self.gone.contains_key(&key) {
            put_aside(&event, ctx, "a part came after the others had gone on");
            return Ok(());
        }
        let is_second = |waiting: &Parts| waiting.held.contains_key(&part);
        if self.waiting.get(&key).is_some_and(is_second) {
            put_aside(&event, ctx, "a second event of a part was put aside");
            return Ok(());
        }
        let held = ctx.hold_for(event, rules.timeout() + MARGIN)?;
        let due = ctx.now() + rules.timeout();
        let new = || Parts {
            held: BTreeMap::new(),
            last: None,
            due,
        };
        let waiting = self.waiting.entry(key.clone()).or_insert_with(new);
        if held.event().error().is_none() {
            waiting.last = Some(part);
        }
        waiting.held.insert(part, held);
        if waiting.held.len() == rules.parts.len() {
            return self.finish(key, rules, ctx);
        }
        ctx.wake_after(rules.timeout());
        Ok(())
    }

    pub(crate) fn tick(&mut self, why: Tick, rules: &Rules, ctx: &Context) -> Result {
        let now = ctx.now();
        let is_over = |waiting: &Parts| match why {
            Tick::Timer => waiting.due <= now,
            Tick::Stopping => true,
            _ => false,
        };
        let over = self.waiting.iter().filter(|(_, waiting)| is_over(waiting));
        let mut over: Vec<String> = over.map(|(key, _)| key.clone()).collect();
        over.sort();
        // One that cannot be sent keeps none of the others: nothing would call for them again.
        let mut all = Ok(());
        for key in over {
            all = all.and(self.finish(key, rules, ctx));
        }
        self.gone.retain(|_, until| *until > now);
        let dues = self.waiting.values().map(|waiting| waiting.due);
        if let Some(next) = dues.chain(self.gone.values().copied()).min() {
            ctx.wake_after(next.saturating_duration_since(now));
        }
        all
    }

    /// Sends on what has come, or what is wrong with it.
    fn finish(&mut self, key: String, rules: &Rules, ctx: &Context) -> Result {
        let Some(waiting) = self.waiting.remove(&key) else {
            return Ok(());
        };
        self.gone.insert(key, ctx.now() + rules.timeout());
        let come = waiting.look(&rules.parts);
        let error = come.fault(rules);
        let told = json!({ "errors": come.errors, "missing": come.missing });
        let is_whole = come.errors.is_empty() && come.missing.is_empty();
        let (delivered, failed) = (come.good.len(), come.errors.len());
        let parts = come.good;
        let count =
            json!({ "parts": delivered + failed, "delivered": delivered, "failed": failed });
        let mut merged = waiting.unite(count, ctx);
        if !is_whole {
            merged.set_attribute("join", told);
        }
        rules.send(merged, parts, error, ctx)
    }
}

/// What has come, by the names of the parts.
struct Come<'a> {
    /// Those that did not fail.
    good: Vec<Named>,
    errors: Map<String, Value>,
    missing: Vec<&'a str>,
    first_error: Option<Error>,
}

impl Come<'_> {
    /// Returns why the parts cannot go on, if they cannot.
    fn fault(&self, rules: &Rules) -> Option<Error> {
        let all = rules.parts.len();
        let is_enough = self.good.len() >= rules.at_least(all).max(1);
        if is_enough && (self.missing.is_empty() || rules.emits_late()) {
            return None;
        }
        if self.missing.is_empty() {
            return self.first_error.clone();
        }
        let missing = self.missing.join(", ");
        let after = rules.timeout();
        let message = format!("parts are missing after {after:?}: {missing}");
        Some(Error::timeout(message))
    }
}

impl Parts {
    /// Tells what has come of the parts of these names.
    fn look<'a>(&self, names: &'a [String]) -> Come<'a> {
        let mut come = Come {
            good: Vec::new(),
            errors: Map::new(),
            missing: Vec::new(),
            first_error: None,
        };
        for (place, name) in names.iter().enumerate() {
            let Some(event) = self.held.get(&place).map(Held::event) else {
                come.missing.push(name.as_str());
                continue;
            };
            match event.error() {
                None => come
                    .good
                    .push((Some(name.clone()), event.payload().clone())),
                Some(failure) => {
                    come.first_error
                        .get_or_insert_with(|| failure.error.clone());
                    come.errors.insert(name.clone(), failure.to_value());
                }
            }
        }
        come
    }

    /// Unites the parts in an event with the attributes of the last that came and did not fail.
    fn unite(mut self, payload: impl Into<Payload>, ctx: &Context) -> Event {
        let base = self.last.and_then(|last| self.held.remove(&last));
        ctx.merge(base.into_iter().chain(self.held.into_values()), payload)
    }
}

fn put_aside(event: &Event, ctx: &Context, why: &'static str) {
    let (flow, actor, inbox) = (ctx.flow(), ctx.actor(), ctx.inbox());
    tracing::warn!(flow, actor, inbox, meta_id = %event.meta_id(), "{why}");
}
