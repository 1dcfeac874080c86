//! Links that drop what does not fit instead of holding up their source.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::Event;
use crate::inbox::Inbox;
use crate::permits::{Gate, Limits, Permit};

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

    /// Gives each event that fits a root of the link's own, and drops the others.
    pub(crate) fn enter(&self, events: &mut Vec<Event>, inbox: &Inbox) {
        let mut dropped = 0;
        let mut entered = VecDeque::with_capacity(events.len());
        for mut event in events.drain(..) {
            match self.permit(&event, inbox, &mut entered, &mut dropped) {
                Some(permit) => {
                    event.change_root(&self.gate, permit);
                    entered.push_back(event);
                }
                None => dropped += 1,
            }
        }
        events.extend(entered);
        self.dropped.fetch_add(dropped, Relaxed);
    }

    /// Takes a permit, if need be after older events have given way.
    fn permit(
        &self,
        event: &Event,
        inbox: &Inbox,
        entered: &mut VecDeque<Event>,
        dropped: &mut u64,
    ) -> Option<Permit> {
        let bytes = event.cost();
        if bytes > self.gate.share().bytes {
            return None;
        }
        loop {
            let permit = self.gate.try_take(bytes);
            if permit.is_some() || self.overflow == Overflow::Newest {
                return permit;
            }
            let oldest = inbox
                .remove_first(|event| self.is_ours(event))
                .or_else(|| entered.pop_front())?;
            oldest.receipt().give_way();
            *dropped += 1;
        }
    }

    fn is_ours(&self, event: &Event) -> bool {
        let root = event.receipt().root();
        root.is_some_and(|root| Arc::ptr_eq(root.gate(), &self.gate))
    }

    /// Returns how many events were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}
