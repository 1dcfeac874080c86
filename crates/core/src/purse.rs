//! Permits that a source takes at once, to spend them one by one.

use std::sync::Arc;

use crate::Id;
use crate::permits::{Gate, Permit};

/// Permits and ids in hand for several roots, of which each costs its source and who ends it no more than a look. They count
/// as under way, and their roots as opened, from the beginning. Dropped, those that are left go back; so it must not outlast
/// the poll in which it was taken.
pub(crate) struct Purse {
    gate: Arc<Gate>,
    /// For how many roots it was taken.
    taken: u64,
    roots: u64,
    bytes: u64,
    /// The number of the next id.
    number: u64,
    /// Whether the roots came from another process.
    is_foreign: bool,
}

impl Purse {
    pub(crate) fn new(gate: Arc<Gate>, roots: u64, bytes: u64, is_foreign: bool) -> Purse {
        Purse {
            number: gate.flow().open_ahead(roots, is_foreign),
            is_foreign,
            gate,
            taken: roots,
            roots,
            bytes,
        }
    }

    /// Takes a permit out of a purse, or if there is none in it of a new one, with permits for so many roots, `foreign` or not.
    pub(crate) fn spend_or_take(
        purse: &mut Option<Purse>,
        (gate, roots, foreign): (&Gate, usize, bool),
        (bytes, millis): (usize, u64),
    ) -> Option<(Permit, Id)> {
        if let Some(spent) = purse.as_mut().and_then(|own| own.spend(bytes, millis)) {
            return Some(spent);
        }
        // What is left goes back before more is taken.
        *purse = None;
        *purse = gate.take_several(roots, bytes, foreign);
        purse.as_mut()?.spend(bytes, millis)
    }

    /// Takes out a permit, if there is one of so many bytes, for a root that is made now, at this time in milliseconds since 1970.
    /// Returns the id that it has if it begins here, too.
    pub(crate) fn spend(&mut self, bytes: usize, millis: u64) -> Option<(Permit, Id)> {
        let left = self.bytes.checked_sub(bytes as u64)?;
        self.roots = self.roots.checked_sub(1)?;
        self.bytes = left;
        let id = self.gate.flow().numbered_id(millis, self.number);
        self.number += 1;
        Some((Permit::new(self.gate.clone(), bytes as u64), id))
    }
}

impl Drop for Purse {
    fn drop(&mut self) {
        let spent = self.taken - self.roots;
        self.gate
            .flow()
            .close_ahead(spent, self.roots, self.is_foreign);
        if self.roots > 0 || self.bytes > 0 {
            self.gate.give_back_several(self.roots, self.bytes);
        }
    }
}
