//! Events that have been sent on and have not settled, and the repeats that wait for them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Context, Event, Held, Result, Settled};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Knows the first event of each key that has not settled.
#[derive(Default)]
pub(crate) struct UnderWay {
    firsts: HashMap<Arc<str>, First>,
    ended: Arc<Mutex<Vec<Ended>>>,
    /// Tells apart those that were under way for one key.
    count: u64,
}

struct First {
    number: u64,
    root: String,
    waiting: VecDeque<Waiting>,
}

/// A repeat that waits.
pub(crate) struct Waiting {
    pub(crate) held: Held,
    due: Instant,
}

/// What became of a first event.
struct Ended {
    key: Arc<str>,
    number: u64,
    settled: Settled,
}

/// How much longer than it waits a repeat is held at most, so that it does not expire just before.
const MARGIN: Duration = Duration::from_secs(60);

impl UnderWay {
    /// Watches an event until it settles; then `own` is woken.
    pub(crate) fn add(
        &mut self,
        key: Arc<str>,
        event: &Event,
        waiting: VecDeque<Waiting>,
        own: Option<Context>,
        ctx: &Context,
    ) {
        self.count += 1;
        let number = self.count;
        let (list, ended_key) = (self.ended.clone(), key.clone());
        ctx.on_settled(event, move |settled| {
            list.lock().push(Ended {
                key: ended_key,
                number,
                settled,
            });
            if let Some(own) = own {
                own.wake_after(Duration::ZERO);
            }
        });
        let root = root_of(event);
        self.firsts.insert(
            key,
            First {
                number,
                root,
                waiting,
            },
        );
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.firsts.contains_key(key)
    }

    /// Forgets an event that was not sent on after all.
    pub(crate) fn remove(&mut self, key: &str) {
        self.firsts.remove(key);
    }

    /// Returns whether an event descends from the root of the first: it would wait for itself.
    pub(crate) fn is_of_first(&self, key: &str, event: &Event) -> bool {
        let root = root_of(event);
        self.firsts.get(key).is_some_and(|first| first.root == root)
    }

    /// Has a repeat wait for the first.
    ///
    /// # Errors
    /// Exceeded, if the actor holds as much as it may.
    pub(crate) fn wait(
        &mut self,
        key: &str,
        event: Event,
        time: Duration,
        ctx: &Context,
    ) -> Result {
        let held = ctx.hold_for(event, time + MARGIN)?;
        let due = ctx.now() + time;
        if let Some(first) = self.firsts.get_mut(key) {
            first.waiting.push_back(Waiting { held, due });
        }
        ctx.wake_after(time);
        Ok(())
    }

    /// Drops the repeats that wait.
    pub(crate) fn end_waits(&mut self) {
        for first in self.firsts.values_mut() {
            first.waiting.clear();
        }
    }

    /// Takes out those that have settled, with the repeats that waited for them.
    pub(crate) fn take_ended(&mut self) -> Vec<(Arc<str>, Settled, VecDeque<Waiting>)> {
        let ended = std::mem::take(&mut *self.ended.lock());
        let ended = ended.into_iter().filter_map(|ended| {
            let first = self.firsts.get(&ended.key)?;
            if first.number != ended.number {
                return None;
            }
            let first = self.firsts.remove(&ended.key)?;
            Some((ended.key, ended.settled, first.waiting))
        });
        ended.collect()
    }

    /// Takes out the repeats that have waited long enough; returns them, and when the next one has.
    pub(crate) fn take_late(
        &mut self,
        now: Instant,
    ) -> (Vec<(Arc<str>, Waiting)>, Option<Instant>) {
        let mut late = Vec::new();
        for (key, first) in &mut self.firsts {
            while first
                .waiting
                .front()
                .is_some_and(|waiting| waiting.due <= now)
            {
                late.extend(
                    first
                        .waiting
                        .pop_front()
                        .map(|waiting| (key.clone(), waiting)),
                );
            }
        }
        let next = |first: &First| first.waiting.front().map(|waiting| waiting.due);
        let next = self.firsts.values().filter_map(next).min();
        (late, next)
    }
}

fn root_of(event: &Event) -> String {
    event.root_id().unwrap_or(event.id()).to_string()
}
