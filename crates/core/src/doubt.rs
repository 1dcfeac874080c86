//! What an actor's settings say that was hardly meant.

use crate::ports::Ports;

/// Something in the settings of an actor that is no mistake, but was hardly meant: the check of a flow warns of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What it is.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Ports {
    /// Has settings that say what was hardly meant.
    #[must_use]
    pub fn doubts(mut self, doubts: impl IntoIterator<Item = Doubt>) -> Ports {
        self.doubts.extend(doubts);
        self
    }

    /// Returns what was hardly meant.
    pub fn all_doubts(&self) -> &[Doubt] {
        &self.doubts
    }
}
