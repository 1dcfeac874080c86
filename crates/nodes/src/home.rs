//! Where an event stood before it left, for what comes back of it.

use std::sync::Arc;

use bytes::Bytes;
use compysition_core::Event;

use crate::remote::Stub;

/// An event that left and has not ended, for what comes back of it.
pub(crate) struct Home {
    /// The event, as one that is running here.
    pub(crate) left: Event,
    /// Its attributes, written out.
    pub(crate) attributes: Bytes,
    /// What stands here for the actor that it went to.
    pub(crate) stub: Arc<Stub>,
}

impl Home {
    /// Has what comes back stand where that stood which left.
    pub(crate) fn take_back(&self, event: Event) -> Event {
        let mut event = event.owing_as(&self.left);
        let attributes = event.attributes().as_json();
        if attributes.is_some_and(|json| json.as_bytes() == self.attributes) {
            // They are as they left: need not be read, and have the types that they had.
            event.set_attributes(self.left.attributes().clone());
        }
        event
    }
}
