//! What `deduplicate` leaves when it panics.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::Context;

use super::Deduplicate;
use crate::keys::{Clock, Keys, Known};
use crate::memory::Memory;
use crate::under_way::UnderWay;

/// What an actor that panics knows: the next one must not let a key pass that is under way or done.
pub(super) struct Left {
    clock: Clock,
    under_way: UnderWay,
    unwritten: HashMap<Arc<str>, Option<Known>>,
    /// A file is opened anew: what has panicked may have been its code.
    memory: Option<Memory>,
}

impl Deduplicate {
    /// Takes what the one before has left, if this one was made in its place.
    pub(super) fn inherit(&mut self, ctx: &Context) {
        let legacy = ctx.legacy::<Left>();
        if let Some(left) = legacy.take() {
            self.clock = left.clock;
            self.under_way = left.under_way;
            self.unwritten = left.unwritten;
            if let Some(memory) = left.memory {
                self.keys = Keys::Memory(memory);
            }
            // Some may have ended meanwhile, and there may be something to write.
            ctx.wake_after(Duration::ZERO);
        }
        self.legacy = Some(legacy);
    }
}

impl Drop for Deduplicate {
    fn drop(&mut self) {
        let Some(legacy) = self.legacy.take() else {
            return;
        };
        let nothing = Keys::Memory(Memory::new(0, 0));
        let memory = match std::mem::replace(&mut self.keys, nothing) {
            Keys::Memory(memory) => Some(memory),
            Keys::File(_) | Keys::Shut(_) => None,
        };
        let mut under_way = std::mem::take(&mut self.under_way);
        // Those that wait are held by this actor, and take the error path.
        under_way.end_waits();
        legacy.leave(Left {
            clock: self.clock,
            under_way,
            unwritten: std::mem::take(&mut self.unwritten),
            memory,
        });
    }
}
