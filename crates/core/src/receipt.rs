//! What an event owes to where it came from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::time::Instant;

use crate::keeper;
use crate::permits::Permit;
use crate::root::Root;
use crate::{Error, Failure, Result};

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
pub(crate) enum Running {
    Root {
        root: Arc<Root>,
        /// Whether a client waits; here, so that events of other roots are spared a look at the root.
        asked: bool,
        /// What copies and children are charged with now.
        bytes: AtomicU64,
        /// The most that they were ever charged with, which the root's permit holds.
        held: AtomicU64,
    },
    /// A batch answers for all that it was made of.
    Merged(Vec<Receipt>),
}

/// What every event is charged with beside its payload, in bytes.
pub(crate) const EVENT_BYTES: usize = 512;

fn cost(payload_bytes: usize) -> u32 {
    u32::try_from(EVENT_BYTES + payload_bytes).unwrap_or(u32::MAX)
}

impl Receipt {
    /// Makes the receipt of an event that a permit was taken for. The root counts it already.
    pub(crate) fn new(root: Arc<Root>, held: u64, payload_bytes: usize) -> Receipt {
        let charge = cost(payload_bytes);
        let running = Running::Root {
            asked: root.was_asked(),
            root,
            bytes: AtomicU64::new(charge.into()),
            held: AtomicU64::new(held),
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

    /// Returns the address of what all copies share, to recognise them by.
    pub(crate) fn address(&self) -> usize {
        self.running.as_ref().map_or(0, |running| Arc::as_ptr(running) as usize)
    }

    /// Returns the root, or the first of several.
    pub(crate) fn root(&self) -> Option<&Root> {
        match self.running.as_deref()? {
            Running::Root { root, .. } => Some(root),
            Running::Merged(parts) => parts.iter().find_map(Receipt::root),
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
            Some(Running::Root { root, asked, .. }) => *asked && root.is_void(),
            Some(Running::Merged(parts)) => parts.iter().all(Receipt::is_void),
        }
    }

    /// Charges the event for what it carries now, and for so many further copies, which share the
    /// payload.
    ///
    /// # Errors
    /// Exceeded, if the root may not grow that much; then nothing was charged.
    pub(crate) fn charge(&mut self, payload_bytes: usize, copies: usize) -> Result {
        let due = cost(payload_bytes);
        let more = i64::from(due) - i64::from(self.charge) + (copies * EVENT_BYTES) as i64;
        if more > 0 {
            self.grow(more as u64, copies, true)?;
        } else if more < 0 {
            self.shrink(more.unsigned_abs());
        }
        self.charge = due;
        Ok(())
    }

    /// Makes the receipt of a further copy that was charged for already.
    pub(crate) fn charged_copy(&self) -> Receipt {
        let mut copy = self.clone();
        copy.charge = EVENT_BYTES as u32;
        copy
    }

    /// Charges an event that must not be refused: one on the error path.
    pub(crate) fn overcharge(&mut self, payload_bytes: usize) {
        let due = cost(payload_bytes);
        let more = due.saturating_sub(self.charge);
        if more > 0 && self.grow(more.into(), 0, false).is_ok() {
            self.charge = due;
        }
    }

    fn grow(&self, by: u64, copies: usize, within_caps: bool) -> Result {
        // A merged event is charged to the holder that merged it, not to its roots a second time.
        let Some(Running::Root { root, bytes, held, .. }) = self.running.as_deref() else {
            return Ok(());
        };
        let now = bytes.fetch_add(by, Relaxed) + by;
        if now <= held.load(Relaxed) && copies == 0 {
            return Ok(());
        }
        let live = self.running.as_ref().map_or(0, Arc::strong_count) + copies;
        let more = now.saturating_sub(held.load(Relaxed));
        if within_caps && let Err(error) = root.gate().may_grow(more, live) {
            bytes.fetch_sub(by, Relaxed);
            return Err(error);
        }
        let before = held.fetch_max(now, Relaxed);
        root.gate().overdraw(now.saturating_sub(before));
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
        let Some(running) = &self.running else {
            return;
        };
        // The last copy need not count down what nobody reads any more.
        if self.charge > 0 && Arc::strong_count(running) > 1 {
            self.shrink(self.charge.into());
        }
        if keeper::wants(Arc::as_ptr(running) as usize) {
            let (running, hops) = (self.running.take(), self.hops);
            keeper::keep(Receipt { running, charge: 0, hops });
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Running::Root { root, held, .. } = self {
            // The permit goes back first: who hears of the settlement may emit at once.
            root.gate().give_back(*held.get_mut());
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
        let receipt = |root: &Arc<Root>| {
            root.open();
            let held = Permit::overdrawn(root.gate()).into_held();
            Receipt::new(root.clone(), held, 0)
        };
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
