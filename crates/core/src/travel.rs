//! What the engine keeps of an event on its way: its root, its charge, the links it has passed.

use std::sync::Arc;
use std::time::SystemTime;

use crate::context::too_many_hops;
use crate::event::{Body, Head, NO_HEAD};
use crate::group::Place;
use crate::keeper;
use crate::permits::Permit;
use crate::receipt::Receipt;
use crate::root::Root;
use crate::sync::Counted;
use crate::{Event, Failure, Id, Result};

/// What every event is charged with beside its payload, in bytes.
pub(crate) const EVENT_BYTES: usize = 512;

/// The links that an event and its ancestors have passed, and the bytes that this one copy has been
/// charged with. A clone is not charged before it is sent: what the runner keeps for the error path lives
/// only as long as `consume`.
///
/// Both stand in one word, since an event of two words travels in registers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Travel(u64);

/// The links that can be counted.
pub(crate) const MOST_HOPS: u32 = HOPS as u32;

const ASKED: u64 = 1 << 31;
/// A fan-out's copy, whose payload is charged to a sibling: the permit holds the peak, so it stays
/// covered when the sibling is gone.
const SHARES: u64 = 1 << 30;
/// How often the present actor has tried before.
const TRIES: u64 = 0x3ff << TRIES_SHIFT;
const TRIES_SHIFT: u32 = 20;
const HOPS: u64 = (1 << TRIES_SHIFT) - 1;

impl Travel {
    /// An event that has passed no link yet; `asked` if a client waits for an answer.
    fn start(charge: u32, asked: bool) -> Travel {
        Travel(u64::from(charge) << 32 | if asked { ASKED } else { 0 })
    }

    pub(crate) fn hops(self) -> u32 {
        (self.0 & HOPS) as u32
    }

    fn charge(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Returns whether a client waits for an answer: others are spared a look at the root.
    fn is_asked(self) -> bool {
        self.0 & ASKED != 0
    }

    fn charged(self, charge: u32) -> Travel {
        Travel(u64::from(charge) << 32 | self.0 & 0xffff_ffff)
    }

    pub(crate) fn uncharged(self) -> Travel {
        self.charged(0)
    }

    fn tries(self) -> u32 {
        ((self.0 & TRIES) >> TRIES_SHIFT) as u32
    }

    fn one_try_more(self) -> Travel {
        Travel(self.0 + (1 << TRIES_SHIFT))
    }

    /// The same with a payload of its own.
    pub(crate) fn owning(self) -> Travel {
        Travel(self.0 & !SHARES)
    }

    /// The same after so many links.
    fn after(self, hops: u32) -> Travel {
        Travel(self.0 & !HOPS | u64::from(hops) & HOPS)
    }

    fn one_hop_more(self) -> Travel {
        // The limit is not above the number of hops that fit in. The next actor has not tried yet.
        Travel((self.0 & !TRIES) + 1)
    }
}

/// What a root tells its events of where it came from.
#[derive(Default)]
pub(crate) struct Origin {
    pub(crate) meta_id: Option<Arc<str>>,
    pub(crate) traceparent: Option<Arc<str>>,
}

impl Origin {
    pub(crate) fn is_some(&self) -> bool {
        self.meta_id.is_some() || self.traceparent.is_some()
    }
}

impl Body {
    pub(crate) fn head(&self) -> &Head {
        self.head.as_deref().unwrap_or(&NO_HEAD)
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.head().failure.as_deref()
    }
}

impl Event {
    /// Lets the event into a flow, with a permit that covers it.
    pub(crate) fn enter(&mut self, id: Id, root: Counted<Root>) {
        let charge = u32::try_from(root.held()).unwrap_or(u32::MAX);
        self.travel = Travel::start(charge, root.was_asked());
        let body = self.body_mut();
        body.id = id;
        body.receipt = Receipt::One(root);
    }

    /// Lets the event into a flow where it begins.
    pub(crate) fn enter_new(&mut self, root: Counted<Root>) {
        // An id that an event brings along may come twice, and roots are told apart by theirs.
        let id = match self.id() {
            Id::NONE => root.id(),
            given => given,
        };
        self.enter(id, root);
    }

    /// Lets an event into a flow that has passed so many links elsewhere. It keeps its id.
    pub(crate) fn enter_after(&mut self, hops: u32, root: Counted<Root>) {
        self.enter(self.id(), root);
        self.pass_links_to(hops);
    }

    /// Counts the links that it has passed elsewhere.
    pub(crate) fn pass_links_to(&mut self, hops: u32) {
        self.travel = self.travel.after(hops.min(MOST_HOPS));
    }

    /// Returns whether no other event shares its content.
    pub(crate) fn is_only_copy(&self) -> bool {
        self.body.as_ref().is_some_and(Counted::is_unique)
    }

    /// Takes on what another event owes, and has passed.
    pub(crate) fn enter_beside(&mut self, other: &Event) {
        self.travel = other.travel.uncharged().owning();
        self.body_mut().receipt = other.receipt().clone();
    }

    /// Takes a place in a group, beside what it owes to its root.
    pub(crate) fn join_group(&mut self, place: Arc<Place>) {
        let body = self.body_mut();
        let receipt = std::mem::take(&mut body.receipt);
        body.receipt = Receipt::member(receipt, place);
    }

    /// Leaves its root for a new one of the same id, as a link's own source makes it.
    pub(crate) fn change_root(&mut self, permit: Permit) {
        let hops = self.travel.hops();
        let id = self.root_id().unwrap_or(self.id());
        drop(self.take_receipt());
        let origin = self.take_origin();
        permit.gate().flow().root_opened();
        let root = Counted::new(Root::new(id, permit.leave(), 0, false, origin));
        self.enter(self.id(), root);
        self.travel = self.travel.after(hops);
    }

    /// Drops the event, without counting references if nobody else has any: that costs less.
    pub(crate) fn end(mut self) {
        drop(self.body.take().map(Counted::try_unwrap));
    }

    /// Returns how often the present actor has tried before.
    pub fn attempts(&self) -> u32 {
        self.travel.tries()
    }

    /// Returns when the present actor first tried, if it did before.
    pub(crate) fn first_tried(&self) -> Option<SystemTime> {
        self.head().first_tried.filter(|_| self.attempts() > 0)
    }

    /// Notes that the present actor has tried, in vain.
    pub(crate) fn tried(mut self) -> Event {
        if self.attempts() == 0 {
            self.head_mut().first_tried = Some(SystemTime::now());
        }
        self.travel = self.travel.one_try_more();
        self
    }

    /// Counts a link.
    ///
    /// # Errors
    /// Exceeded, if there were too many.
    pub(crate) fn pass_link(&mut self, limit: u32) -> Result {
        self.travel = self.travel.one_hop_more();
        match self.hops() > limit {
            true => Err(too_many_hops(limit)),
            false => Ok(()),
        }
    }

    /// Returns whether nobody waits any more for what the event would lead to.
    pub(crate) fn is_void(&self) -> bool {
        self.travel.is_asked() && self.receipt().is_void()
    }

    pub(crate) fn set_id(&mut self, id: Id) {
        self.body_mut().id = id;
    }

    pub(crate) fn receipt(&self) -> &Receipt {
        &self.body().receipt
    }

    pub(crate) fn set_receipt(&mut self, receipt: Receipt) {
        self.body_mut().receipt = receipt;
    }

    /// Takes the receipt out: what is left owes nothing to anybody, but still says where it came from.
    pub(crate) fn take_receipt(&mut self) -> Receipt {
        if !self.receipt().is_some() {
            return Receipt::None;
        }
        if let Some(root) = self.receipt().charged_root() {
            root.shrink(self.travel.charge().into());
        }
        self.travel = self.travel.uncharged().owning();
        let receipt = std::mem::take(&mut self.body_mut().receipt);
        if let Some(origin) = receipt.root().and_then(Root::origin) {
            if let (None, Some(meta_id)) = (self.own_meta_id(), &origin.meta_id) {
                self.set_meta_id(meta_id.clone());
            }
            if let (None, Some(traceparent)) = (self.traceparent(), &origin.traceparent) {
                self.set_traceparent(traceparent.clone());
            }
        }
        receipt
    }

    /// Returns a copy to look at, which owes nothing to anybody.
    #[must_use]
    pub fn without_receipt(&self) -> Event {
        let mut copy = self.clone();
        drop(copy.take_receipt());
        copy
    }

    /// Returns what the event costs, in bytes.
    pub(crate) fn cost(&self) -> usize {
        EVENT_BYTES + self.payload().size()
    }

    /// Returns what is to be charged for it: a payload that copies share is charged once.
    fn due(&self) -> u32 {
        match self.travel.0 & SHARES {
            0 => u32::try_from(self.cost()).unwrap_or(u32::MAX),
            _ => EVENT_BYTES as u32,
        }
    }

    fn set_charge(&mut self, charge: u32) {
        self.travel = self.travel.charged(charge);
    }

    /// Charges the event for what it carries now, and for so many further copies, which share the
    /// payload.
    ///
    /// # Errors
    /// Exceeded, if the root may not grow that much; then nothing was charged.
    pub(crate) fn charge(&mut self, copies: usize) -> Result {
        let due = self.due();
        let charged = self.travel.charge();
        if due == charged && copies == 0 {
            return Ok(());
        }
        let more = i64::from(due) - i64::from(charged) + (copies * EVENT_BYTES) as i64;
        if let Some(root) = self.receipt().charged_root() {
            match more > 0 {
                true => root.grow(more.unsigned_abs())?,
                false => root.shrink(more.unsigned_abs()),
            }
            self.set_charge(due);
        }
        Ok(())
    }

    /// Charges an event that comes home for what it carries now, whether there is room or not: what comes in never waits.
    pub(crate) fn charge_anyway(&mut self) {
        let due = self.due();
        let more = due.saturating_sub(self.travel.charge());
        if let Some(root) = self.receipt().charged_root() {
            root.overgrow(more.into());
            self.set_charge(due);
        }
    }

    /// Charges an event that failed for what it carries, and for so many further copies.
    ///
    /// # Errors
    /// Exceeded, if there is not even room for what failed; then nothing was charged.
    pub(crate) fn charge_failed(&mut self, copies: usize) -> Result {
        let due = self.due();
        let more = due.saturating_sub(self.travel.charge()) as usize + copies * EVENT_BYTES;
        if let (Some(root), 1..) = (self.receipt().charged_root(), more) {
            root.grow_by_failed(more as u64)?;
            self.set_charge(due.max(self.travel.charge()));
        }
        Ok(())
    }

    /// Returns a further copy of an event whose charge covers it.
    pub(crate) fn charged_copy(&self) -> Event {
        let mut copy = self.clone();
        copy.travel = Travel(copy.travel.0 | SHARES);
        copy.set_charge(EVENT_BYTES as u32);
        copy
    }

    /// Moves the meta id and the trace context to the root, where all of its events find them.
    pub(crate) fn take_origin(&mut self) -> Origin {
        let head = self.head();
        if head.meta_id.is_none() && head.traceparent.is_none() {
            return Origin::default();
        }
        let head = self.head_mut();
        Origin {
            meta_id: head.meta_id.take(),
            traceparent: head.traceparent.take(),
        }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        let charge = self.travel.charge();
        if charge == 0 {
            return;
        }
        let Some(body) = &self.body else {
            return;
        };
        // The last copy need not count down what nobody reads any more.
        if let Some(root) = body.receipt.charged_root()
            && (!body.is_unique()
                || !body.receipt.is_last()
                || keeper::wants(body.receipt.address()))
        {
            root.shrink(charge.into());
        }
    }
}
