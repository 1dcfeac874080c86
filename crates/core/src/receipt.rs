//! What an event owes to where it came from.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::time::Instant;

use crate::Failure;
use crate::group::{GroupOf, Place};
use crate::keeper;
use crate::pump::Part;
use crate::root::Root;
use crate::sync::Counted;

/// Ties the content of an event to its root. While there is a receipt of a root, something of it is
/// running; when the last one is dropped its permit goes back, and unless an actor holds something of it,
/// it settles.
#[derive(Default)]
pub(crate) enum Receipt {
    /// Not admitted to a flow yet.
    #[default]
    None,
    /// The first one is made with its root, which counts it already.
    One(Counted<Root>),
    /// One of the children that an amplifier made, and what comes of it.
    Part(Arc<Part>),
    /// A member of a group that somebody gathers.
    Member(Arc<Member>),
    /// A batch answers for all that it was made of.
    Merged(Arc<Vec<Receipt>>),
}

/// The receipt of an event that came of another, and its place among all that did.
pub(crate) struct Member {
    receipt: Receipt,
    place: Arc<Place>,
}

impl Receipt {
    /// Makes the receipt of a member, beside what it owes to where it came from.
    pub(crate) fn member(receipt: Receipt, place: Arc<Place>) -> Receipt {
        Receipt::Member(Arc::new(Member { receipt, place }))
    }

    /// Unites several receipts in one that answers for all.
    pub(crate) fn merge(mut receipts: Vec<Receipt>) -> Receipt {
        receipts.retain(Receipt::is_some);
        if receipts.len() > 1 {
            // One of a kind is enough: what is gathered often has all the same root.
            let mut known = HashSet::new();
            receipts.retain(|receipt| known.insert(receipt.tie()));
        }
        match receipts.len() {
            0 | 1 => receipts.pop().unwrap_or_default(),
            _ => Receipt::Merged(Arc::new(receipts)),
        }
    }

    pub(crate) fn is_some(&self) -> bool {
        !matches!(self, Receipt::None)
    }

    /// Returns the address of what all copies share, to recognise them by.
    pub(crate) fn address(&self) -> usize {
        match self {
            Receipt::None => 0,
            Receipt::One(root) => Counted::as_ptr(root) as usize,
            Receipt::Part(part) => Arc::as_ptr(part) as usize,
            Receipt::Member(member) => Arc::as_ptr(member) as usize,
            Receipt::Merged(parts) => Arc::as_ptr(parts) as usize,
        }
    }

    /// Returns the address of what it answers for: of a member its place, whichever copy it was made for.
    fn tie(&self) -> usize {
        match self {
            Receipt::Member(member) => Arc::as_ptr(&member.place) as usize,
            other => other.address(),
        }
    }

    /// Takes the receipt apart by the innermost places in groups of this kind: `found` gets each with what is owed
    /// outside of it, and what has no such place is returned.
    pub(crate) fn part_by(
        &self,
        of: GroupOf,
        found: &mut Vec<(Arc<Place>, Receipt)>,
    ) -> Option<Receipt> {
        let known = found.len();
        let rest = match self {
            Receipt::None | Receipt::One(_) => None,
            Receipt::Member(member) if member.place.is_of(of) => {
                found.push((member.place.clone(), member.receipt.clone()));
                None
            }
            Receipt::Member(member) => member.receipt.part_by(of, found),
            Receipt::Part(part) => part.receipt().part_by(of, found),
            Receipt::Merged(parts) => {
                let rest = parts.iter().filter_map(|part| part.part_by(of, found));
                Some(Receipt::merge(rest.collect()))
            }
        };
        match found.len() > known {
            true => rest,
            false => Some(self.clone()),
        }
    }

    /// Returns the root, or the first of several.
    #[inline]
    pub(crate) fn root(&self) -> Option<&Root> {
        match self {
            Receipt::None => None,
            Receipt::One(root) => Some(root),
            other => other.root_within(),
        }
    }

    fn root_within(&self) -> Option<&Root> {
        match self {
            Receipt::None | Receipt::One(_) => self.root(),
            Receipt::Part(part) => part.receipt().root(),
            Receipt::Member(member) => member.receipt.root(),
            Receipt::Merged(parts) => parts.iter().find_map(Receipt::root),
        }
    }

    /// Returns the root that copies are charged to: of several the first.
    pub(crate) fn charged_root(&self) -> Option<&Root> {
        match self {
            Receipt::One(root) => Some(root),
            Receipt::Part(part) => part.receipt().charged_root(),
            Receipt::Member(member) => member.receipt.charged_root(),
            Receipt::None => None,
            Receipt::Merged(parts) => parts.iter().find_map(Receipt::charged_root),
        }
    }

    /// Calls `visit` with each root that the receipt answers for.
    pub(crate) fn each_root(&self, visit: &mut dyn FnMut(&Counted<Root>)) {
        match self {
            Receipt::None => {}
            Receipt::One(root) => visit(root),
            Receipt::Part(part) => part.receipt().each_root(visit),
            Receipt::Member(member) => member.receipt.each_root(visit),
            Receipt::Merged(parts) => parts.iter().for_each(|part| part.each_root(visit)),
        }
    }

    /// Calls `visit` once with each root, also where several copies of one were merged.
    pub(crate) fn each_root_once(&self, visit: &mut dyn FnMut(&Counted<Root>)) {
        if matches!(self, Receipt::None | Receipt::One(_)) {
            return self.each_root(visit);
        }
        let mut seen = HashSet::new();
        self.each_root(&mut |root| {
            if seen.insert(Counted::as_ptr(root)) {
                visit(root);
            }
        });
    }

    /// Calls `visit` with each part that the receipt belongs to, the smallest first.
    pub(crate) fn each_part(&self, visit: &mut dyn FnMut(&Part)) {
        match self {
            Receipt::None | Receipt::One(_) => {}
            Receipt::Part(part) => {
                visit(part);
                part.receipt().each_part(visit);
            }
            Receipt::Member(member) => member.receipt.each_part(visit),
            Receipt::Merged(parts) => parts.iter().for_each(|part| part.each_part(visit)),
        }
    }

    /// Returns whether more children may come of it before some are done.
    pub(crate) fn has_room(&self) -> bool {
        self.root().is_none_or(Root::has_room)
    }

    /// Returns whether its root has as much as it would have if all of its source had the same.
    pub(crate) fn has_its_part(&self) -> bool {
        self.root().is_none_or(Root::has_its_part)
    }

    /// Returns whether it is the last receipt of its root.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Receipt::One(root) if !root.is_shared())
    }

    /// Tells each root, and each group, that one of its copies came to a bad end.
    pub(crate) fn fail(&self, failure: &Failure) {
        match self {
            Receipt::None => {}
            Receipt::One(root) => root.fail(failure),
            Receipt::Part(part) => part.receipt().fail(failure),
            Receipt::Member(member) => {
                member.place.fail(failure);
                member.receipt.fail(failure);
            }
            Receipt::Merged(parts) => parts.iter().for_each(|part| part.fail(failure)),
        }
    }

    /// Tells each root that its event was dropped to make room for a newer one.
    pub(crate) fn give_way(&self) {
        self.each_root(&mut |root| root.give_way());
    }

    /// Returns when the first of the clients that wait stops waiting.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if let Receipt::One(root) = self {
            return root.deadline();
        }
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
        match self {
            Receipt::None => false,
            Receipt::One(root) => root.is_void(),
            Receipt::Part(part) => part.receipt().is_void(),
            Receipt::Member(member) => member.receipt.is_void(),
            Receipt::Merged(parts) => parts.iter().all(Receipt::is_void),
        }
    }
}

impl Clone for Receipt {
    fn clone(&self) -> Receipt {
        match self {
            Receipt::None => Receipt::None,
            Receipt::One(root) => {
                root.run();
                Receipt::One(root.clone())
            }
            Receipt::Part(part) => Receipt::Part(part.clone()),
            Receipt::Member(member) => Receipt::Member(member.clone()),
            Receipt::Merged(parts) => Receipt::Merged(parts.clone()),
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if self.is_some() && keeper::wants(self.address()) {
            return keeper::keep(std::mem::take(self));
        }
        if let Receipt::One(root) = self {
            Root::rest(root);
        }
    }
}

/// Keeps roots from settling, and places in groups from being free, while an event of theirs rests with an
/// actor. It has no permit: what is held is charged to the holder.
pub(crate) enum Custody {
    None,
    One(OpenRoot),
    Member(Box<Custody>, Arc<Place>),
    Merged(Vec<Custody>),
}

/// A root that may not settle yet.
pub(crate) struct OpenRoot(Counted<Root>);

impl Custody {
    pub(crate) fn of(receipt: &Receipt) -> Custody {
        match receipt {
            Receipt::None => Custody::None,
            Receipt::One(root) => {
                root.hold();
                Custody::One(OpenRoot(root.clone()))
            }
            Receipt::Part(part) => Custody::of(part.receipt()),
            Receipt::Member(member) => {
                let within = Custody::of(&member.receipt);
                Custody::Member(Box::new(within), member.place.clone())
            }
            Receipt::Merged(parts) => Custody::Merged(parts.iter().map(Custody::of).collect()),
        }
    }

    /// Keeps the same from settling once more.
    pub(crate) fn another(&self) -> Custody {
        match self {
            Custody::None => Custody::None,
            Custody::One(OpenRoot(root)) => {
                root.open();
                Custody::One(OpenRoot(root.clone()))
            }
            Custody::Member(within, place) => {
                Custody::Member(Box::new(within.another()), place.clone())
            }
            Custody::Merged(parts) => Custody::Merged(parts.iter().map(Custody::another).collect()),
        }
    }

    /// Puts the roots back on their way; their permits are overdrawn if need be.
    pub(crate) fn release(&self) -> Receipt {
        match self {
            Custody::None => Receipt::None,
            Custody::One(OpenRoot(root)) => {
                root.run();
                Receipt::One(root.clone())
            }
            Custody::Member(within, place) => Receipt::member(within.release(), place.clone()),
            Custody::Merged(parts) => Receipt::merge(parts.iter().map(Custody::release).collect()),
        }
    }
}

impl Drop for OpenRoot {
    fn drop(&mut self) {
        Root::close(&self.0);
    }
}
