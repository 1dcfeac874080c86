//! Permits on their way back: roots that ended well while an actor was polled.

use std::sync::Arc;

use crate::foreign::Inheritance;
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
    /// Who is told of all of them, if they came from another process, and the number of the first.
    inheritance: Option<Inheritance>,
}

impl Returns {
    /// Makes a count of one root.
    pub(crate) fn of(gate: &Arc<Gate>, bytes: u64, inheritance: Option<&Inheritance>) -> Returns {
        Returns(Some(Returned {
            gate: gate.clone(),
            roots: 1,
            bytes,
            inheritance: inheritance.cloned(),
        }))
    }

    /// Adds a root. Returns those of another source, or from elsewhere, that were there before, which are to be given back
    /// at once.
    pub(crate) fn add(
        &mut self,
        gate: &Arc<Gate>,
        bytes: u64,
        inheritance: Option<&Inheritance>,
    ) -> Returns {
        if let Some(returned) = self.0.as_mut()
            && returned.gate.is_same(gate)
            && returned.is_followed_by(inheritance)
        {
            returned.roots += 1;
            returned.bytes += bytes;
            return Returns::default();
        }
        std::mem::replace(self, Returns::of(gate, bytes, inheritance))
    }

    /// Returns whether they are to be given back now, and not only at the end of the poll: a good part of what their source may
    /// have under way, which it may be waiting for.
    pub(crate) fn is_much(&self) -> bool {
        self.0.as_ref().is_some_and(|returned| {
            let share = returned.gate.share();
            let part = share.roots as u64 / PART;
            let most = match &returned.inheritance {
                None => part,
                // Who waits for these has a share of its own, which is not known here.
                Some(_) => part.min(TOLD_TOGETHER),
            };
            returned.roots >= most.max(1) || returned.bytes >= share.bytes as u64 / PART
        })
    }
}

impl Returned {
    /// Returns whether a root is told of together with these.
    fn is_followed_by(&self, other: Option<&Inheritance>) -> bool {
        match (&self.inheritance, other) {
            (None, None) => true,
            (Some(first), Some(other)) => {
                first.is_of_same(other) && other.call == first.call + self.roots
            }
            _ => false,
        }
    }
}

impl Drop for Returns {
    /// Tells of the roots if they came from another process, gives the permits back, and counts the roots as settled.
    fn drop(&mut self) {
        let Some(returned) = self.0.take() else {
            return;
        };
        let Returned {
            gate, roots, bytes, ..
        } = returned;
        if let Some(Inheritance { heir, call }) = returned.inheritance {
            heir.delivered(call, roots);
            gate.flow().foreign_settled(roots);
        }
        gate.give_back_several(roots, bytes);
        gate.flow().roots_delivered(roots);
    }
}
