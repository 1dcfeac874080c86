//! All that came of one event, or of one file: who gathers it learns when the last of it is there or gone.

use std::cmp::Ordering;
use std::sync::{Arc, Weak};

use tokio::time::Instant;

use crate::context::Context;
use crate::flow_state::FlowState;
use crate::held::Held;
use crate::payload::Payload;
use crate::receipt::{Custody, Receipt};
use crate::station::Station;
use crate::sync::Mutex;
use crate::{Event, Failure};

/// The members that an amplifier made of one event ([`Context::send_all`]), or that a source made of one
/// thing ([`Source::group`](crate::Source::group)).
///
/// Each member has a place in it, which its copies and children share. A place is free again when nothing
/// of its member is under way or held any more, or when the member [arrived](Context::arrive). The group is
/// complete when no more members are made and all places are free: nobody has to count, or to wait for a
/// time. Two handles are equal if they are of the same group; groups are in the
/// order in which they began, so that a simulation can be repeated.
#[derive(Clone)]
pub struct Group(Arc<Shared>);

/// Says what the members of a group came of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupOf {
    /// One event, of which an amplifier made them.
    Event,
    /// One thing that a source read, such as a file.
    Source,
}

/// Counts the members of a group by how they fared so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that were made.
    pub members: u64,
    /// Those that arrived and did not fail.
    pub arrived: u64,
    /// Those of which something failed, wherever it was.
    pub failed: u64,
}

/// A member that has come to where its group is gathered, or several that were united on the way.
pub struct Arrival {
    /// The group.
    pub group: Group,
    /// Which member it is, from 0 on in the order in which they were made; of several the first.
    pub ordinal: u64,
    /// The event, which the group does not wait for any more.
    pub event: Event,
}

struct Shared {
    of: GroupOf,
    /// Which one of its flow it is.
    number: u64,
    /// What the members came of, without its payload.
    event: Event,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tally: Tally,
    /// The places that are taken, and one more while members are made.
    taken: u64,
    first_failure: Option<Failure>,
    /// Whether not all members that there might have been were made.
    is_partial: bool,
    /// Keeps the roots of what the members came of from settling, until the group is merged or gone.
    custody: Option<Custody>,
    /// Who gathers, and is told when the group is complete.
    gatherers: Vec<Weak<Station>>,
}

impl Group {
    fn new(of: GroupOf, number: u64, event: Event, custody: Custody) -> Group {
        let state = State {
            taken: 1,
            custody: Some(custody),
            ..State::default()
        };
        Group(Arc::new(Shared {
            of,
            number,
            event,
            state: Mutex::new(state),
        }))
    }

    /// Returns whether all members have arrived or are gone, and no more are made.
    pub fn is_complete(&self) -> bool {
        self.0.state.lock().taken == 0
    }

    /// Returns whether members are missing because what they are made of could not be read to its end, or
    /// the flow stopped in the middle of it.
    pub fn is_partial(&self) -> bool {
        self.0.state.lock().is_partial
    }

    /// Returns how many members there are, and how they fared.
    pub fn tally(&self) -> Tally {
        self.0.state.lock().tally
    }

    /// Returns the first failure of a member, or of what made them.
    pub fn first_failure(&self) -> Option<Failure> {
        self.0.state.lock().first_failure.clone()
    }

    fn free_one(&self) {
        let mut state = self.0.state.lock();
        state.taken -= 1;
        if state.taken > 0 {
            return;
        }
        let gatherers = std::mem::take(&mut state.gatherers);
        drop(state);
        for gatherer in gatherers.iter().filter_map(Weak::upgrade) {
            gatherer.wake_at(Instant::now());
        }
    }

    fn add_gatherer(&self, station: &Arc<Station>) {
        let mut state = self.0.state.lock();
        let own = Arc::downgrade(station);
        if state.gatherers.iter().all(|known| !known.ptr_eq(&own)) {
            state.gatherers.push(own);
        }
    }
}

impl PartialEq for Group {
    fn eq(&self, other: &Group) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Group {}

impl Ord for Group {
    fn cmp(&self, other: &Group) -> Ordering {
        self.0.number.cmp(&other.0.number)
    }
}

impl PartialOrd for Group {
    fn partial_cmp(&self, other: &Group) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Makes the members of a group; when it is gone no more are made.
pub(crate) struct Opener(Group);

impl Opener {
    /// Begins a group of what comes of an event, whose roots stay open until the group is merged or gone.
    pub(crate) fn of(of: GroupOf, flow: &FlowState, event: Event, receipt: &Receipt) -> Opener {
        Opener(Group::new(
            of,
            flow.new_group(),
            event,
            Custody::of(receipt),
        ))
    }

    #[cfg(all(test, compysition_loom))]
    pub(crate) fn group(&self) -> &Group {
        &self.0
    }

    /// Makes the place of one more member.
    pub(crate) fn place(&self) -> Arc<Place> {
        let mut state = self.0.0.state.lock();
        state.taken += 1;
        let ordinal = state.tally.members;
        state.tally.members += 1;
        drop(state);
        Arc::new(Place {
            group: self.0.clone(),
            ordinal,
            fate: Mutex::default(),
        })
    }

    /// Notes that not all members could be made.
    pub(crate) fn break_off(&self, failure: Option<Failure>) {
        let mut state = self.0.0.state.lock();
        state.is_partial = true;
        state.first_failure = state.first_failure.take().or(failure);
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        self.0.free_one();
    }
}

/// The place of a member in its group.
pub(crate) struct Place {
    group: Group,
    ordinal: u64,
    fate: Mutex<Fate>,
}

/// How a member fared so far; the worst counts.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd)]
enum Fate {
    #[default]
    Unknown,
    Arrived,
    Failed,
}

impl Place {
    pub(crate) fn is_of(&self, of: GroupOf) -> bool {
        self.group.0.of == of
    }

    pub(crate) fn fail(&self, failure: &Failure) {
        self.note(Fate::Failed, Some(failure));
    }

    fn note(&self, fate: Fate, failure: Option<&Failure>) {
        let mut own = self.fate.lock();
        if *own >= fate {
            return;
        }
        let before = std::mem::replace(&mut *own, fate);
        let mut state = self.group.0.state.lock();
        match fate {
            Fate::Failed => state.tally.failed += 1,
            _ => state.tally.arrived += 1,
        }
        if before == Fate::Arrived {
            state.tally.arrived -= 1;
        }
        if state.first_failure.is_none() {
            state.first_failure = failure.cloned();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.group.free_one();
    }
}

impl Context {
    /// Takes an event out of its group of this kind, and of those within it: they do not wait for it any more.
    /// Of several groups one within the other it is the innermost. An event that unites members of several
    /// groups arrives for each. A member that is marked with an error counts as failed.
    ///
    /// When a group becomes complete this actor's [`tick`](crate::Actor::tick) is called. An actor that
    /// gathers says so: [`Ports::gathers`](crate::Ports::gathers).
    ///
    /// # Errors
    /// The event itself, if it is no member of such a group.
    pub fn arrive(&self, event: Event, of: GroupOf) -> Result<Vec<Arrival>, Event> {
        let mut found = Vec::new();
        let rest = event.receipt().part_by(of, &mut found);
        if found.is_empty() {
            return Err(event);
        }
        let fate = match event.error() {
            None => Fate::Arrived,
            Some(_) => Fate::Failed,
        };
        // Each gets the receipts of its own group: what waits for one must not keep the others open.
        let mut groups: Vec<(Arc<Place>, Vec<Receipt>)> = Vec::new();
        for (place, receipt) in found {
            place.note(fate, event.error());
            place.group.add_gatherer(&self.station);
            let known = groups
                .iter_mut()
                .find(|(known, _)| known.group == place.group);
            match known {
                Some((_, receipts)) => receipts.push(receipt),
                None => groups.push((place, vec![receipt])),
            }
        }
        groups[0].1.extend(rest);
        let arrivals = groups.into_iter().map(|(place, receipts)| {
            let mut event = event.without_receipt();
            event.set_receipt(Receipt::merge(receipts));
            Arrival {
                group: place.group.clone(),
                ordinal: place.ordinal,
                event,
            }
        });
        Ok(arrivals.collect())
    }

    /// Unites a group in one event with this payload, which answers for what the members came of and for
    /// the members that are held; those whose time is over are left out. It has the attributes of what the
    /// members came of, and is a child of it.
    pub fn merge_group(
        &self,
        group: &Group,
        held: impl IntoIterator<Item = Held>,
        payload: impl Into<Payload>,
    ) -> Event {
        let mut receipts = Vec::new();
        let custody = group.0.state.lock().custody.take();
        receipts.extend(custody.as_ref().map(Custody::release));
        let released = held.into_iter().filter_map(Held::release);
        receipts.extend(released.map(|mut event| {
            // Each failure is its own root's; the merged event starts without a mark.
            if let Some(failure) = event.error() {
                event.receipt().fail(failure);
            }
            event.take_receipt()
        }));
        let mut merged = group.0.event.clone();
        merged.set_id(merged.id().child(self.actor(), "merge", 0));
        merged.set_receipt(Receipt::merge(receipts));
        merged.with(payload)
    }
}
