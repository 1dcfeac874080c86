//! How an event that reaches its door becomes the answer to a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::Event;
use crate::permits::Gate;
use crate::root::Root;
use crate::sync::Counted;

/// Answers the roots of events: at a door's inbox only those of its own requests, at the built-in
/// `reply` those of any door.
pub(crate) struct Answers {
    name: Arc<str>,
    /// The door whose requests are answered here; none for `reply`.
    door: Option<Arc<Gate>>,
    pub(crate) answered: AtomicU64,
    pub(crate) late: AtomicU64,
    pub(crate) strays: AtomicU64,
    /// Events of no request, which end here.
    pub(crate) ended: AtomicU64,
}

impl Answers {
    pub(crate) fn new(name: Arc<str>, door: Option<Arc<Gate>>) -> Answers {
        Answers {
            name,
            door,
            answered: AtomicU64::new(0),
            late: AtomicU64::new(0),
            strays: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        }
    }

    pub(crate) fn take(&self, mut event: Event) {
        // The answer must not keep its own request from settling.
        let receipt = event.take_receipt();
        if !receipt.is_some() {
            self.ended.fetch_add(1, Relaxed);
        }
        receipt.each_root_once(&mut |root| {
            self.answer(root, &event);
            if let Some(failure) = event.error() {
                root.fail(failure);
            }
        });
    }

    fn answer(&self, root: &Counted<Root>, event: &Event) {
        let of_this_door = |gate: &Arc<Gate>| gate.is_same(root.gate());
        if !self.door.as_ref().is_none_or(of_this_door) {
            self.strays.fetch_add(1, Relaxed);
            return self.warn(event, "an answer to a request of another door was dropped");
        }
        if root.answer(|| event.clone()) {
            self.answered.fetch_add(1, Relaxed);
        } else if root.was_asked() {
            self.late.fetch_add(1, Relaxed);
            self.warn(event, "a second answer to a request was dropped");
        } else if self.door.is_some() {
            self.strays.fetch_add(1, Relaxed);
            self.warn(event, "an answer that nobody asked for was dropped");
        } else {
            self.ended.fetch_add(1, Relaxed);
        }
    }

    fn warn(&self, event: &Event, message: &'static str) {
        tracing::warn!(actor = %self.name, meta_id = %event.meta_id(), "{message}");
    }
}
