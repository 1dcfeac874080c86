//! Permits that a source takes at once, to spend them one by one.

use std::sync::Arc;

use crate::Id;
use crate::heir::Inheritance;
use crate::permits::{Gate, Room};

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
}

impl Purse {
    pub(crate) fn new(gate: Arc<Gate>, roots: u64, bytes: u64) -> Purse {
        Purse {
            number: gate.flow().open_ahead(roots, gate.is_foreign()),
            gate,
            taken: roots,
            roots,
            bytes,
        }
    }

    /// Returns whether its room is for roots of this heir.
    pub(crate) fn is_for(&self, heir: Option<&Inheritance>) -> bool {
        self.gate.is_for(heir)
    }

    /// Takes room out of a purse, or if there is none in it of a new one, with permits for so many roots of this heir.
    pub(crate) fn spend_or_take(
        purse: &mut Option<Purse>,
        (gate, roots, heir): (&Gate, usize, Option<&Inheritance>),
        (bytes, millis): (usize, u64),
    ) -> Option<(Room, Id)> {
        let own = purse.as_mut().filter(|own| own.is_for(heir));
        if let Some(spent) = own.and_then(|own| own.spend(bytes, millis)) {
            return Some(spent);
        }
        // What is left goes back before more is taken.
        *purse = None;
        *purse = gate.take_several(roots, bytes, heir.cloned());
        purse.as_mut()?.spend(bytes, millis)
    }

    /// Takes out room of so many bytes, if there is, for a root that is made now, at this time in milliseconds since 1970.
    /// Returns the id that it has if it begins here, too.
    pub(crate) fn spend(&mut self, bytes: usize, millis: u64) -> Option<(Room, Id)> {
        let left = self.bytes.checked_sub(bytes as u64)?;
        self.roots = self.roots.checked_sub(1)?;
        self.bytes = left;
        let id = self.gate.flow().numbered_id(millis, self.number);
        self.number += 1;
        let (gate, bytes) = (self.gate.clone(), bytes as u64);
        Some((Room { gate, bytes }, id))
    }
}

impl Drop for Purse {
    fn drop(&mut self) {
        let spent = self.taken - self.roots;
        self.gate
            .flow()
            .close_ahead(spent, self.roots, self.gate.is_foreign());
        if self.roots > 0 || self.bytes > 0 {
            self.gate.give_back_several(self.roots, self.bytes);
        }
    }
}
