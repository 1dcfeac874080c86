//! What an actor has sent and its links have not yet been given.

use crate::Event;
use crate::inbox::CHUNK;
use crate::station::Outboxes;

/// Collects what is sent during one poll, so that each link is locked once a chunk and not once an event.
#[derive(Default)]
pub(crate) struct Desk {
    /// Events by the number of their link.
    pending: Vec<Vec<Event>>,
    /// Whether somebody is bound to flush: true while the owner is being polled.
    pub(crate) open: bool,
    /// What the present `consume` has sent or held.
    pub(crate) sent: u32,
    /// Tells apart the children of one event.
    pub(crate) ordinal: u32,
}

impl Desk {
    pub(crate) fn put(&mut self, link: usize, event: Event) {
        if self.pending.len() <= link {
            self.pending.resize_with(link + 1, Vec::new);
        }
        self.pending[link].push(event);
    }

    pub(crate) fn take_back(&mut self, link: usize) {
        self.pending[link].pop();
    }

    /// Hands over what fills a chunk, or everything if nobody else is bound to.
    pub(crate) fn settle(&mut self, links: &[usize], outboxes: &Outboxes) {
        for &link in links {
            if !self.open || self.pending[link].len() >= CHUNK {
                outboxes.links[link].push(&mut self.pending[link]);
            }
        }
    }

    pub(crate) fn flush(&mut self, outboxes: &Outboxes) {
        for (link, events) in self.pending.iter_mut().enumerate() {
            if !events.is_empty() {
                outboxes.links[link].push(events);
            }
        }
    }
}
