//! What an event owes to where it came from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::time::Instant;

use crate::permits::Permit;
use crate::root::Root;
use crate::{Error, Failure, Id, Result};

/// Ties an event to its root. All copies and children of a root share one [`Running`]; when the last
/// of them is dropped nothing of the root is running any more, and its permit goes back.
///
/// `charge` is the memory, in bytes, that this one copy has been charged with. A clone is not charged
/// before it is sent: what the runner keeps for the error path lives only as long as `consume`.
/// `hops` counts the links passed; it stands here so that an event fills one cache line.
#[derive(Default)]
pub(crate) struct Receipt {
    running: Option<Arc<Running>>,
    charge: u32,
    pub(crate) hops: u32,
}

/// What keeps one or several roots from settling while an event of theirs is on its way.
enum Running {
    Root {
        root: Arc<Root>,
        /// Taken only when the last copy is dropped.
        permit: Option<Permit>,
        asked: bool,
        bytes: AtomicU64,
    },
    /// A batch answers for all that it was made of.
    Merged(Vec<Receipt>),
}

/// What every event is charged with beside its payload, in bytes.
pub(crate) const EVENT_BYTES: usize = 512;

impl Receipt {
    pub(crate) fn new(root: Arc<Root>, permit: Permit, payload_bytes: usize) -> Receipt {
        root.open();
        let charge = (EVENT_BYTES + payload_bytes).min(u32::MAX as usize) as u32;
        let running = Running::Root {
            asked: root.was_asked(),
            root,
            permit: Some(permit),
            bytes: AtomicU64::new(charge.into()),
        };
        Receipt {
            running: Some(Arc::new(running)),
            charge,
            hops: 0,
        }
    }

    /// Unites several receipts in one that answers for all.
    pub(crate) fn merge(mut receipts: Vec<Receipt>) -> Receipt {
        receipts.retain(Receipt::is_some);
        let hops = receipts.iter().map(|receipt| receipt.hops).max();
        let running = match receipts.len() {
            0 | 1 => return receipts.pop().unwrap_or_default(),
            _ => Running::Merged(receipts),
        };
        Receipt {
            running: Some(Arc::new(running)),
            charge: 0,
            hops: hops.unwrap_or_default(),
        }
    }

    pub(crate) fn is_some(&self) -> bool {
        self.running.is_some()
    }

    pub(crate) fn root_id(&self) -> Option<Id> {
        match self.running.as_deref()? {
            Running::Root { root, .. } => Some(root.id()),
            Running::Merged(parts) => parts.iter().find_map(Receipt::root_id),
        }
    }

    /// Calls `visit` with each root that the receipt answers for.
    pub(crate) fn each_root(&self, visit: &mut dyn FnMut(&Arc<Root>)) {
        match self.running.as_deref() {
            None => {}
            Some(Running::Root { root, .. }) => visit(root),
            Some(Running::Merged(parts)) => parts.iter().for_each(|part| part.each_root(visit)),
        }
    }

    /// Tells each root that one of its copies came to a bad end.
    pub(crate) fn fail(&self, failure: &Failure) {
        self.each_root(&mut |root| root.fail(failure));
    }

    /// Returns when the first of the clients that wait stops waiting.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let mut earliest = None;
        self.each_root(&mut |root| {
            earliest = match (earliest, root.deadline()) {
                (Some(one), Some(other)) => Some(std::cmp::min(one, other)),
                (one, other) => one.or(other),
            };
        });
        earliest
    }

    /// Returns whether a deadline has passed.
    pub(crate) fn is_expired(&self) -> bool {
        let mut expired = false;
        self.each_root(&mut |root| expired |= root.is_expired());
        expired
    }

    /// Returns whether nobody waits any more for what this event would lead to.
    pub(crate) fn is_void(&self) -> bool {
        match self.running.as_deref() {
            None => false,
            // Only who asked can stop waiting; the others are spared a look at the root.
            Some(Running::Root { root, asked, .. }) => *asked && root.is_void(),
            Some(Running::Merged(parts)) => parts.iter().all(Receipt::is_void),
        }
    }

    /// Charges the event for what it carries now, before it is sent.
    ///
    /// # Errors
    /// Exceeded, if the root may not grow that much; then nothing was charged.
    pub(crate) fn charge(&mut self, payload_bytes: usize) -> Result {
        let due = (EVENT_BYTES + payload_bytes).min(u32::MAX as usize) as u32;
        if due == self.charge {
            return Ok(());
        }
        if due > self.charge {
            self.grow(u64::from(due - self.charge), true)?;
        } else {
            self.shrink(u64::from(self.charge - due));
        }
        self.charge = due;
        Ok(())
    }

    /// Makes the receipt of a further copy of the same event, whose payload is charged already.
    pub(crate) fn copy(&self) -> Result<Receipt> {
        let mut copy = self.clone();
        copy.grow(EVENT_BYTES as u64, true)?;
        copy.charge = EVENT_BYTES as u32;
        Ok(copy)
    }

    /// Charges an event that must not be refused: one on the error path.
    pub(crate) fn overcharge(&mut self, payload_bytes: usize) {
        let due = (EVENT_BYTES + payload_bytes).min(u32::MAX as usize) as u32;
        if due > self.charge && self.grow(u64::from(due - self.charge), false).is_ok() {
            self.charge = due;
        }
    }

    fn grow(&self, by: u64, within_caps: bool) -> Result {
        // A merged event is charged to the holder that merged it, not to its roots a second time.
        let Some(Running::Root { root, permit: Some(permit), bytes, .. }) = self.running.as_deref()
        else {
            return Ok(());
        };
        let now = bytes.fetch_add(by, Relaxed) + by;
        let live = self.running.as_ref().map_or(0, Arc::strong_count);
        if within_caps && let Err(error) = permit.may_hold(now, live) {
            bytes.fetch_sub(by, Relaxed);
            return Err(error.with_detail("root", root.id().to_string()));
        }
        permit.hold(now);
        Ok(())
    }

    fn shrink(&self, by: u64) {
        if let Some(Running::Root { bytes, .. }) = self.running.as_deref() {
            bytes.fetch_sub(by, Relaxed);
        }
    }
}

impl Clone for Receipt {
    fn clone(&self) -> Receipt {
        Receipt {
            running: self.running.clone(),
            charge: 0,
            hops: self.hops,
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        // The last copy need not count down what nobody reads any more.
        let shared = |running: &Arc<Running>| Arc::strong_count(running) > 1;
        if self.charge > 0 && self.running.as_ref().is_some_and(shared) {
            self.shrink(self.charge.into());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Running::Root { root, permit, .. } = self {
            // The permit goes back first: who hears of the settlement may emit at once.
            drop(permit.take());
            root.close();
        }
    }
}

/// Keeps roots from settling while an event of theirs rests with an actor. It has no permit: what is
/// held is charged to the holder.
pub(crate) struct Custody(Vec<Arc<Root>>);

impl Custody {
    pub(crate) fn of(receipt: &Receipt) -> Custody {
        let mut roots = Vec::new();
        receipt.each_root(&mut |root| {
            root.open();
            roots.push(root.clone());
        });
        Custody(roots)
    }

    /// Puts the roots back on their way; their permits are overdrawn if need be.
    pub(crate) fn release(&self) -> Receipt {
        let receipt = |root: &Arc<Root>| Receipt::new(root.clone(), Permit::overdrawn(root), 0);
        Receipt::merge(self.0.iter().map(receipt).collect())
    }

    pub(crate) fn fail(&self, error: &Error, actor: &Arc<str>) {
        let failure = Failure {
            error: error.clone(),
            actor: actor.clone(),
            attempts: 1,
        };
        self.0.iter().for_each(|root| root.fail(&failure));
    }
}

impl Drop for Custody {
    fn drop(&mut self) {
        self.0.iter().for_each(|root| root.close());
    }
}
