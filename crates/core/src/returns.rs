//! Permits on their way back: roots that ended well while an actor was polled.

use std::sync::Arc;

use crate::permits::Gate;

/// Which part of a source's share is kept back at most.
const PART: u64 = 8;

/// Counts roots that have ended well and whose permits have not been given back, nor they been counted as settled.
/// Both are done once for many, as the words that they are counted in are wanted by the threads of the sources too.
#[derive(Default)]
pub(crate) struct Returns(Option<Returned>);

struct Returned {
    gate: Arc<Gate>,
    roots: u64,
    bytes: u64,
}

impl Returns {
    /// Makes a count of one root.
    pub(crate) fn of(gate: &Arc<Gate>, bytes: u64) -> Returns {
        Returns(Some(Returned {
            gate: gate.clone(),
            roots: 1,
            bytes,
        }))
    }

    /// Adds a root. Returns those of another source that were there before, which are to be given back at once.
    pub(crate) fn add(&mut self, gate: &Arc<Gate>, bytes: u64) -> Returns {
        if let Some(returned) = self.0.as_mut().filter(|own| own.gate.is_same(gate)) {
            returned.roots += 1;
            returned.bytes += bytes;
            return Returns::default();
        }
        std::mem::replace(self, Returns::of(gate, bytes))
    }

    /// Returns whether they are to be given back now: as many as a chunk has, or a good part of what their source may have
    /// under way, which it may be waiting for.
    pub(crate) fn is_much(&self, chunk: u64) -> bool {
        self.0.as_ref().is_some_and(|returned| {
            let share = returned.gate.share();
            let most = chunk.min(share.roots as u64 / PART).max(1);
            returned.roots >= most || returned.bytes >= share.bytes as u64 / PART
        })
    }
}

impl Drop for Returns {
    /// Gives the permits back, and counts the roots as settled.
    fn drop(&mut self) {
        if let Some(Returned { gate, roots, bytes }) = self.0.take() {
            gate.give_back_several(roots, bytes);
            gate.flow().roots_delivered(roots);
        }
    }
}
