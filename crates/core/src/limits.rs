//! What a flow may hold in flight, and why a source may not admit an event.

use std::fmt;
use std::time::Duration;

/// Bounds what a flow holds in flight. The defaults suit most flows.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Roots under way at the same time; 4,096 by default. Each source has an equal, guaranteed share.
    pub roots: usize,
    /// Bytes under way at the same time; 64 MiB by default, shared likewise. Children may overdraw it by
    /// as much again, beyond which they take the error path, and what failed by as much once more, beyond
    /// which it is not tried again and ends in the log; so never more than three times as many are under
    /// way. Admission stays shut until the balance is positive.
    pub bytes: usize,
    /// Live copies and children that one root may have; 65,536 by default.
    pub live: usize,
    /// Links that an event and its ancestors may pass; 1,000 by default, at most 1,048,575.
    pub hops: u32,
    /// Bytes that one actor may hold across calls, beside those under way; 64 MiB by default.
    pub held_bytes: usize,
    /// How long an actor may hold an event; 10 minutes by default.
    pub held_for: Duration,
    /// Requests that may wait for a permit at one source; 16,384 by default. One that waits costs little
    /// beside its connection.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            roots: 4096,
            bytes: 64 << 20,
            live: 65_536,
            hops: 1_000,
            held_bytes: 64 << 20,
            held_for: Duration::from_secs(600),
            waiting: 16_384,
        }
    }
}

/// Says why a source may not admit an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The flow is stopping.
    Stopping,
    /// The event is larger than the source's whole share of the flow's budget.
    TooLarge {
        /// The share, in bytes.
        limit: usize,
    },
    /// Too many wait for a permit already.
    Crowded,
}

impl Limits {
    /// Returns the limits of so many flows together.
    pub(crate) fn times(&self, flows: usize) -> Limits {
        Limits {
            roots: self.roots.saturating_mul(flows.max(1)),
            bytes: self.bytes.saturating_mul(flows.max(1)),
            ..self.clone()
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Stopping => f.write_str("the flow is stopping"),
            Refusal::TooLarge { limit } => {
                write!(
                    f,
                    "the event exceeds the {limit} bytes that may be in flight"
                )
            }
            Refusal::Crowded => f.write_str("too many requests are waiting already"),
        }
    }
}

impl std::error::Error for Refusal {}
