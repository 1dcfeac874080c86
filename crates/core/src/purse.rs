//! Permits that a source takes at once, to spend them one by one.

use std::sync::Arc;

use crate::permits::{Gate, Permit};

/// Permits in hand for several roots, of which each costs its source and who ends it no more than a look. They count
/// as under way from the beginning. Dropped, those that are left go back; so it must not outlast the poll in which it
/// was taken.
pub(crate) struct Purse {
    gate: Arc<Gate>,
    roots: u64,
    bytes: u64,
}

impl Purse {
    pub(crate) fn new(gate: Arc<Gate>, roots: u64, bytes: u64) -> Purse {
        Purse { gate, roots, bytes }
    }

    /// Takes out a permit, if there is one of so many bytes.
    pub(crate) fn spend(&mut self, bytes: usize) -> Option<Permit> {
        let left = self.bytes.checked_sub(bytes as u64)?;
        self.roots = self.roots.checked_sub(1)?;
        self.bytes = left;
        Some(Permit::new(self.gate.clone(), bytes as u64))
    }
}

impl Drop for Purse {
    fn drop(&mut self) {
        if self.roots > 0 || self.bytes > 0 {
            self.gate.give_back_several(self.roots, self.bytes);
        }
    }
}
