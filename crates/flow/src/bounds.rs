//! What a flow file says of the flow as a whole: limits, supervision, the time to stop.

use std::num::NonZeroUsize;
use std::time::Duration;

use compysition_core::{ByteSize, Director, Limits, Supervision, TimeSpan};
use compysition_nodes::Patience;
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
    heartbeat: Option<TimeSpan>,
    lost_after: Option<TimeSpan>,
}

impl LimitSettings {
    fn patience(&self) -> Patience {
        let default = Patience::default();
        Patience {
            heartbeat: self.heartbeat.map_or(default.heartbeat, |time| time.0),
            lost_after: self.lost_after.map_or(default.lost_after, |time| time.0),
        }
    }

    /// Says what of it cannot be.
    fn mistake(&self) -> Option<&'static str> {
        let Patience {
            heartbeat,
            lost_after,
        } = self.patience();
        if heartbeat < SHORTEST_BEAT {
            return Some("`heartbeat` is at least 10ms");
        }
        (lost_after < heartbeat).then_some(
            "`lost_after` is shorter than `heartbeat`: every process would be given up that has nothing to say",
        )
    }
}

/// More often there is nothing to be said.
const SHORTEST_BEAT: Duration = Duration::from_millis(10);

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
        let limits = limits.and_then(|node| {
            let given: LimitSettings = settings::read(&empty_map(node.clone()), found)?;
            if let Some(mistake) = given.mistake() {
                found.push(Diagnostic::new(node.span, mistake));
            }
            Some(given)
        });
        Bounds {
            limits,
            supervision: supervision.and_then(|node| settings::read(&empty_map(node), found)),
            stop_deadline: stop_deadline.and_then(|node| settings::read(&node, found)),
        }
    }

    /// Returns how long silence between the flow's processes may last.
    pub(crate) fn patience(&self) -> Patience {
        let given = self.limits.as_ref();
        given.map_or_else(Patience::default, LimitSettings::patience)
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
