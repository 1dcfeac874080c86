//! Where an event stood before it left, for what comes back of it.

use compysition_core::Event;

/// An event that left and has not ended, for what comes back of it.
pub(crate) struct Home {
    /// The event, as one that is running here.
    pub(crate) left: Event,
    /// Its attributes, written out.
    pub(crate) attributes: Box<[u8]>,
    /// The number of the inlet that it went to.
    pub(crate) inlet: u32,
}

impl Home {
    /// Has what comes back stand where that stood which left.
    pub(crate) fn take_back(&self, event: Event) -> Event {
        let mut event = event.owing_as(&self.left);
        let attributes = event.attributes().as_json();
        if attributes.is_some_and(|json| json.as_bytes() == &*self.attributes) {
            // They are as they left: need not be read, and have the types that they had.
            event.set_attributes(self.left.attributes().clone());
        }
        event
    }
}
