//! Links that drop what does not fit instead of holding up their source.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::Event;
use crate::inbox::Inbox;
use crate::limits::Limits;
use crate::permits::Gate;

/// How much a best-effort link may have under way, and what it drops beyond that.
///
/// Such a link is a source of its own: what passes it has a receipt and a permit of the link's, so that a
/// slow or dead branch behind it neither slows its siblings nor keeps a request from settling. What leads
/// nowhere else is lost when it is dropped; each drop is counted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BestEffort {
    /// Events that may be under way behind the link at the same time, waiting or being worked on; 1,000
    /// by default.
    pub queue: usize,
    /// Bytes that they may hold together; 16 MiB by default.
    pub bytes: usize,
    /// What is dropped when there is no room; the newest by default.
    pub drop: Overflow,
}

impl Default for BestEffort {
    fn default() -> BestEffort {
        BestEffort {
            queue: 1000,
            bytes: 16 << 20,
            drop: Overflow::Newest,
        }
    }
}

/// Says which event a full best-effort link drops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// The one that would come in.
    #[default]
    Newest,
    /// The one that has waited longest; if none waits, the one that would come in.
    Oldest,
}

/// What a best-effort link does to events on their way.
pub(crate) struct Detour {
    gate: Arc<Gate>,
    overflow: Overflow,
    dropped: AtomicU64,
}

impl Detour {
    pub(crate) fn new(settings: &BestEffort, gate: Arc<Gate>) -> Detour {
        Detour {
            gate,
            overflow: settings.drop,
            dropped: AtomicU64::new(0),
        }
    }

    /// Returns the share of permits that a best-effort link has for itself.
    pub(crate) fn share(settings: &BestEffort, limits: &Limits) -> Limits {
        Limits {
            roots: settings.queue,
            bytes: settings.bytes,
            ..limits.clone()
        }
    }

    /// Returns whether a new event would be dropped.
    pub(crate) fn is_full(&self) -> bool {
        self.overflow == Overflow::Newest && !self.gate.has_permit()
    }

    /// Returns whether a new event would be dropped, and counts it as dropped then.
    pub(crate) fn drops_next(&self) -> bool {
        let drops = self.is_full();
        if drops {
            self.drop_one();
        }
        drops
    }

    /// Gives each event that fits a root of the link's own, and drops the others. Returns how many that had
    /// passed before gave way.
    pub(crate) fn enter(&self, events: &mut Vec<Event>, to: (&Inbox, u16)) -> u64 {
        match self.overflow {
            Overflow::Newest => {
                events.retain_mut(|event| self.enter_one(event));
                0
            }
            Overflow::Oldest => self.enter_before_oldest(events, to),
        }
    }

    fn enter_one(&self, event: &mut Event) -> bool {
        let bytes = event.cost();
        let fits = bytes <= self.gate.share().bytes;
        let permit = fits.then(|| self.gate.try_take(bytes)).flatten();
        match permit {
            Some(permit) => event.change_root(permit),
            None => {
                self.drop_one();
                return false;
            }
        }
        true
    }

    /// Lets the events in, if need be after older ones have given way.
    fn enter_before_oldest(&self, events: &mut Vec<Event>, (inbox, number): (&Inbox, u16)) -> u64 {
        let mut gave_way = 0;
        let mut entered = VecDeque::with_capacity(events.len());
        for mut event in events.drain(..) {
            let is_small = event.cost() <= self.gate.share().bytes;
            while is_small && !self.gate.has_permit() {
                let waiting = inbox.remove_first(number, |event| self.is_ours(event));
                gave_way += u64::from(waiting.is_some());
                let Some(oldest) = waiting.or_else(|| entered.pop_front()) else {
                    break;
                };
                oldest.receipt().give_way();
                self.drop_one();
            }
            if self.enter_one(&mut event) {
                entered.push_back(event);
            }
        }
        events.extend(entered);
        gave_way
    }

    fn drop_one(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    fn is_ours(&self, event: &Event) -> bool {
        let root = event.receipt().root();
        root.is_some_and(|root| root.gate().is_same(&self.gate))
    }

    /// Returns how many events were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}
