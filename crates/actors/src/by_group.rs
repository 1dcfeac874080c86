//! Parts that came of one event or of one file: the engine tells when there are no more.

use std::collections::BTreeMap;

use compysition_core::{Context, Error, Event, Group, GroupOf, Held, Result, Tick};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::join::{MARGIN, Rules};
use crate::merge::Named;

/// The groups of which something has come.
pub(crate) struct ByGroup {
    of: GroupOf,
    waiting: BTreeMap<Group, Members>,
}

struct Members {
    held: Vec<(u64, Held)>,
    /// When the others are late.
    due: Option<Instant>,
    /// Whether it went on before it was complete.
    is_over: bool,
}

impl ByGroup {
    pub(crate) fn new(of: GroupOf) -> ByGroup {
        ByGroup {
            of,
            waiting: BTreeMap::new(),
        }
    }

    pub(crate) fn take(&mut self, event: Event, rules: &Rules, ctx: &Context) -> Result {
        let arrivals = ctx.arrive(event, self.of).map_err(|_| {
            Error::internal(match self.of {
                GroupOf::Event => "the event came of no split: there is nothing to gather it with",
                GroupOf::Source => {
                    "the event came of no file that has an end: there is nothing to gather it with"
                }
            })
        })?;
        let due = rules.timeout.map(|timeout| ctx.now() + timeout);
        for arrival in arrivals {
            let new = || Members {
                held: Vec::new(),
                due,
                is_over: false,
            };
            let members = self.waiting.entry(arrival.group).or_insert_with(new);
            if members.is_over {
                let (flow, actor, meta_id) = (ctx.flow(), ctx.actor(), arrival.event.meta_id());
                tracing::warn!(flow, actor, %meta_id, "a part came after the others had gone on");
            } else if rules.merge.needs_payloads() {
                let held = match rules.timeout {
                    Some(timeout) => ctx.hold_for(arrival.event, timeout + MARGIN)?,
                    None => ctx.hold(arrival.event)?,
                };
                members.held.push((arrival.ordinal, held));
            }
        }
        if let Some(timeout) = rules.timeout {
            ctx.wake_after(timeout);
        }
        Ok(())
    }

    pub(crate) fn tick(&mut self, why: Tick, rules: &Rules, ctx: &Context) -> Result {
        if !matches!(why, Tick::Timer) {
            // Nothing can be hurried: what is missing is under way, or rests with others.
            return Ok(());
        }
        let now = ctx.now();
        let is_late =
            |members: &Members| !members.is_over && members.due.is_some_and(|due| due <= now);
        let over = self
            .waiting
            .iter()
            .filter(|(group, members)| group.is_complete() || is_late(members));
        let over: Vec<Group> = over.map(|(group, _)| group.clone()).collect();
        // One that cannot be sent keeps none of the others: nothing would call for them again.
        let mut all = Ok(());
        for group in over {
            all = all.and(self.finish(group, rules, ctx));
        }
        let open = self.waiting.values().filter(|members| !members.is_over);
        if let Some(next) = open.filter_map(|members| members.due).min() {
            ctx.wake_after(next.saturating_duration_since(now));
        }
        all
    }

    /// Sends on what has come of a group, or what is wrong with it.
    fn finish(&mut self, group: Group, rules: &Rules, ctx: &Context) -> Result {
        let is_complete = group.is_complete();
        let Some(mut members) = self.waiting.remove(&group) else {
            return Ok(());
        };
        if members.is_over {
            return Ok(());
        }
        if !is_complete {
            let over = Members {
                held: Vec::new(),
                due: None,
                is_over: true,
            };
            self.waiting.insert(group.clone(), over);
        }
        members.held.sort_by_key(|(ordinal, _)| *ordinal);
        let tally = group.tally();
        let mut parts: Vec<Named> = Vec::new();
        let mut errors: Vec<Value> = Vec::new();
        for (_, held) in &members.held {
            match held.event().error() {
                None => parts.push((None, held.event().payload().clone())),
                Some(failure) => errors.push(failure.to_value()),
            }
        }
        let error = fault(&group, is_complete, rules);
        let mut count = json!({
            "parts": tally.members,
            "delivered": tally.arrived,
            "failed": tally.failed,
        });
        if group.is_partial() || !is_complete {
            count["partial"] = true.into();
        }
        let held = members.held.into_iter().map(|(_, held)| held);
        let mut merged = ctx.merge_group(&group, held, count.clone());
        count["errors"] = errors.into();
        merged.set_attribute("join", count);
        rules.send(merged, parts, error, ctx)
    }
}

/// Returns why a group cannot go on, if it cannot.
fn fault(group: &Group, is_complete: bool, rules: &Rules) -> Option<Error> {
    let tally = group.tally();
    if !is_complete && !rules.emits_late() {
        let there = tally.arrived + tally.failed;
        let after = rules.timeout();
        return Some(Error::timeout(format!(
            "parts are missing after {after:?}: of {} there are {there}",
            tally.members
        )));
    }
    // What was filtered out on the way did not fail: it is asked for only if so many are.
    let wanted = match rules.at_least {
        Some(wanted) => wanted as u64,
        None if rules.merge.needs_payloads() => {
            return group.first_failure().map(|failure| failure.error);
        }
        None => 0,
    };
    if tally.arrived >= wanted {
        return None;
    }
    let failure = group.first_failure().map(|failure| failure.error);
    Some(failure.unwrap_or_else(|| {
        Error::unprocessable(format!(
            "{wanted} parts are wanted, and {} came",
            tally.arrived
        ))
    }))
}
