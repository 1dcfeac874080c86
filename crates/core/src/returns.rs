//! Permits on their way back: roots that ended well while an actor was polled.

use std::sync::Arc;

use crate::heir::Inheritance;
use crate::permits::Gate;

/// Which part of a source's share is kept back at most: a half, so that a source which waits has much to do when it goes on.
const PART: u64 = 2;

/// Of how many roots another process is told together, while an actor is polled.
const TOLD_TOGETHER: u64 = 8;

/// Counts roots that have ended well and whose permits have not been given back, nor they been counted as settled.
/// Both are done once for many, as the words that they are counted in are wanted by the threads of the sources too.
#[derive(Default)]
pub(crate) struct Returns(Option<Returned>);

struct Returned {
    gate: Arc<Gate>,
    roots: u64,
    bytes: u64,
    /// The number of the first, by which its heir knows it, if there is one who is told of all of them.
    call: u64,
}

impl Returns {
    /// Makes a count of one root.
    pub(crate) fn of(gate: &Arc<Gate>, bytes: u64, call: u64) -> Returns {
        Returns(Some(Returned {
            gate: gate.clone(),
            roots: 1,
            bytes,
            call,
        }))
    }

    /// Adds a root. Returns those that were there before if they are of another source or heir, or it is not the next of theirs: they are
    /// to be given back at once.
    pub(crate) fn add(&mut self, gate: &Arc<Gate>, bytes: u64, call: u64) -> Returns {
        if let Some(returned) = self.0.as_mut()
            && returned.is_followed_by(gate, call)
        {
            returned.roots += 1;
            returned.bytes += bytes;
            return Returns::default();
        }
        std::mem::replace(self, Returns::of(gate, bytes, call))
    }

    /// Returns whether they are to be given back now, and not only at the end of the poll: a good part of what their source may
    /// have under way, which it may be waiting for.
    pub(crate) fn is_much(&self) -> bool {
        self.0.as_ref().is_some_and(|returned| {
            let share = returned.gate.share();
            let part = share.roots as u64 / PART;
            let most = match returned.gate.is_foreign() {
                false => part,
                // Who waits for these has a share of its own, which is not known here.
                true => part.min(TOLD_TOGETHER),
            };
            returned.roots >= most.max(1) || returned.bytes >= share.bytes as u64 / PART
        })
    }
}

impl Returned {
    /// Returns whether a root is of the same share, and told of together with these.
    fn is_followed_by(&self, gate: &Arc<Gate>, call: u64) -> bool {
        let is_next = gate.heir().is_none() || call == self.call + self.roots;
        let is_same = || self.gate.is_same(gate) && self.gate.is_for(gate.heir());
        is_next && (Arc::ptr_eq(&self.gate, gate) || is_same())
    }
}

impl Drop for Returns {
    /// Tells the heir of the roots if there is one, gives the permits back, and counts the roots as settled.
    fn drop(&mut self) {
        let Some(returned) = self.0.take() else {
            return;
        };
        let Returned {
            gate,
            roots,
            bytes,
            call,
        } = returned;
        if let Some(Inheritance { heir, is_foreign }) = gate.heir() {
            heir.delivered(call, roots);
            if *is_foreign {
                gate.flow().foreign_settled(roots);
            }
        }
        gate.give_back_several(roots, bytes);
        gate.flow().roots_delivered(roots);
    }
}
