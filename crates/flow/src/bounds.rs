//! What a flow file says of the flow as a whole: limits, supervision, the time to stop.

use std::num::NonZeroUsize;

use compysition_core::{ByteSize, Director, Limits, Supervision, TimeSpan};
use serde::Deserialize;

use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::node::{Content, Entry};
use crate::settings;
use crate::values::Values;

/// The keys of a flow file that are read here.
pub(crate) const KEYS: [&str; 3] = ["limits", "supervision", "stop_deadline"];

/// What a flow may hold in flight; what is left out is as by default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitSettings {
    events: Option<NonZeroUsize>,
    bytes: Option<ByteSize>,
    live: Option<usize>,
    hops: Option<u32>,
    held_bytes: Option<ByteSize>,
    held_for: Option<TimeSpan>,
    waiting: Option<usize>,
}

/// The bounds of one flow.
#[derive(Default)]
pub(crate) struct Bounds {
    limits: Option<LimitSettings>,
    supervision: Option<Supervision>,
    stop_deadline: Option<TimeSpan>,
}

impl Bounds {
    /// Takes what is said of them out of a flow file.
    pub(crate) fn take(
        entries: &mut Vec<Entry>,
        values: &mut Values<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Bounds {
        let [limits, supervision, stop_deadline] = KEYS.map(|key| {
            let mut node = fields::take(entries, key)?.value;
            values.replace(&mut node, found);
            Some(node)
        });
        let empty_map = |mut node: crate::node::Node| {
            if node.is_null() {
                node.content = Content::Map(Vec::new());
            }
            node
        };
        Bounds {
            limits: limits.and_then(|node| settings::read(&empty_map(node), found)),
            supervision: supervision.and_then(|node| settings::read(&empty_map(node), found)),
            stop_deadline: stop_deadline.and_then(|node| settings::read(&node, found)),
        }
    }

    /// Sets them for a flow.
    pub(crate) fn set(self, director: &mut Director) {
        if let Some(given) = self.limits {
            let default = Limits::default();
            director.set_limits(Limits {
                roots: given.events.map_or(default.roots, NonZeroUsize::get),
                bytes: given.bytes.map_or(default.bytes, |bytes| bytes.0),
                live: given.live.unwrap_or(default.live),
                hops: given.hops.unwrap_or(default.hops),
                held_bytes: given.held_bytes.map_or(default.held_bytes, |bytes| bytes.0),
                held_for: given.held_for.map_or(default.held_for, |time| time.0),
                waiting: given.waiting.unwrap_or(default.waiting),
            });
        }
        if let Some(supervision) = self.supervision {
            director.set_supervision(supervision);
        }
        if let Some(TimeSpan(deadline)) = self.stop_deadline {
            director.set_stop_deadline(deadline);
        }
    }
}
