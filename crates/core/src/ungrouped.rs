//! Which sources make no groups that are ever complete.

use crate::ports::Ports;

impl Ports {
    /// Makes each event by itself: none belongs to a [group](crate::SourceGroup), so that nothing after it can gather what came of
    /// one source.
    #[must_use]
    pub fn ungrouped(mut self) -> Ports {
        self.ungrouped = true;
        self
    }

    /// Makes [groups](crate::SourceGroup) that are not closed before the flow stops, as what follows a file that grows.
    #[must_use]
    pub fn endless(mut self) -> Ports {
        self.endless = true;
        self
    }

    /// Returns whether it is known to make no groups, as a door does not: each request is an event.
    pub fn is_ungrouped(&self) -> bool {
        self.ungrouped || self.door
    }

    /// Returns whether its groups are not closed before the flow stops.
    pub fn is_endless(&self) -> bool {
        self.endless
    }
}
