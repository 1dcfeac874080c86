//! What a source makes of one thing, such as a file.

use std::sync::Arc;

use crate::group::{GroupOf, Opener, Place};
use crate::heir::{Heir, Inheritance};
use crate::limits::Refusal;
use crate::root::Root;
use crate::settlement::Settlement;
use crate::source::{self, Source};
use crate::sync::Counted;
use crate::{Error, Event, Result};
use crate::{desk, purse::Purse};

/// Says which of the events that a source emits came of one thing, so that an actor can gather them
/// ([`Context::arrive`](crate::Context::arrive)). Each is a root of its own all the same. Without such an
/// actor in the flow it costs nothing.
///
/// What is gathered has a root of its own too, which is open from the beginning. Dropped before it was
/// closed, the group is partial.
pub struct SourceGroup {
    whole: Option<(Opener, Settlement)>,
    heir: Option<Inheritance>,
    /// How many members were emitted.
    emitted: u64,
}

impl Source {
    /// Begins a group of events; `about` tells what they come of, and what is gathered of them has its
    /// attributes.
    ///
    /// # Errors
    /// As [`emit`](Source::emit).
    pub async fn group(&self, about: Event) -> Result<SourceGroup, Refusal> {
        let whole = match self.context().station.flow.gathers {
            true => Some(self.whole_of(about).await?),
            false => None,
        };
        Ok(SourceGroup {
            whole,
            heir: None,
            emitted: 0,
        })
    }

    /// Begins what is gathered of a group.
    async fn whole_of(&self, about: Event) -> Result<(Opener, Settlement), Refusal> {
        let (root, mut event) = self.enter(about, None).await?;
        // What is gathered has no permit before it goes on: all permits might belong to groups, and none
        // be left for their members.
        let receipt = event.take_receipt();
        let flow = &self.context().station.flow;
        let opener = Opener::of(GroupOf::Source, flow, event, &receipt);
        Ok((opener, Settlement(root)))
    }

    /// Emits an event as [`emit`](Source::emit) does, as the next member of a group.
    ///
    /// # Errors
    /// As [`emit`](Source::emit).
    pub async fn emit_in(
        &self,
        group: &mut SourceGroup,
        event: impl Into<Event>,
    ) -> Result<Settlement, Refusal> {
        self.emit_from(None, event.into(), Some(group)).await
    }

    /// Emits events one after the other, as the next members of a group. This costs less than as many calls of
    /// [`emit_in`](Source::emit_in); how they end only the group's [heir](SourceGroup::told_to) is told, if it has one.
    ///
    /// If it is dropped before it is done, those were emitted that were taken from `events` but for the last one, which waited.
    ///
    /// # Errors
    /// As [`emit`](Source::emit); those before were sent.
    pub async fn emit_all_in(
        &self,
        group: &mut SourceGroup,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<(), Refusal> {
        let mut events = events.into_iter();
        while let Some(event) = self.emit_ready_in(group, &mut events) {
            drop(self.emit_in(group, event).await?);
        }
        Ok(())
    }

    /// Emits events as [`emit_all_in`](Source::emit_all_in) does until one has to wait, which is returned.
    pub fn emit_ready_in(
        &self,
        group: &mut SourceGroup,
        events: &mut impl Iterator<Item = Event>,
    ) -> Option<Event> {
        let now = desk::millis();
        // Not that of the desk, which is looked for each time.
        let mut purse = None;
        // One permit at first, since often there is one event only.
        let (mut take, chunk) = (1, self.context().station.flow.chunk);
        for mut event in events {
            let cost = event.cost();
            let spent = match self.spend_turn() {
                true => {
                    let of = (&**self.gate(), take, group.heir());
                    Purse::spend_or_take(&mut purse, of, (cost, now))
                }
                false => None,
            };
            take = chunk;
            let Some((room, id)) = spent else {
                return Some(event);
            };
            let (call, place) = group.one_more();
            let root = Root::new(id, room, call, false, event.take_origin());
            event.enter_new(Counted::new(root));
            if let Some(place) = place {
                event.join_group(place);
            }
            source::send(self.context(), None, event);
        }
        None
    }

    /// Lets in what could not be read as [`emit_failed`](Source::emit_failed) does, as the next member of a group.
    ///
    /// # Errors
    /// As [`emit`](Source::emit).
    pub async fn emit_failed_in(
        &self,
        group: &mut SourceGroup,
        event: impl Into<Event>,
        error: impl Into<Error>,
    ) -> Result<Settlement, Refusal> {
        self.fail_from(event.into(), error.into(), Some(group))
            .await
    }
}

impl SourceGroup {
    /// Has an heir told how each member ends, by its number: the first emitted is 0, the next 1, and so on. With many members that
    /// costs less than to keep their settlements. To be said before the first is emitted; each group needs an heir of its own, as all
    /// begin with 0.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    ///
    /// use compysition_core::{Event, Failure, Heir, Outcome, Result, Source};
    ///
    /// /// Counts what was delivered.
    /// #[derive(Default)]
    /// struct Delivered(AtomicU64);
    ///
    /// impl Heir for Delivered {
    ///     fn answered(&self, _: u64, _: &Event) {}
    ///
    ///     fn delivered(&self, _: u64, count: u64) {
    ///         self.0.fetch_add(count, Relaxed);
    ///     }
    ///
    ///     fn failed(&self, number: u64, _: &Outcome, failure: &Failure) {
    ///         eprintln!("event {number} failed: {failure}");
    ///     }
    /// }
    ///
    /// async fn emit(source: &Source, delivered: Arc<Delivered>) -> Result {
    ///     let group = source.group(Event::new(())).await?;
    ///     let mut group = group.told_to(delivered);
    ///     let events = ["one", "two"].map(Event::new);
    ///     Ok(source.emit_all_in(&mut group, events).await?)
    /// }
    /// ```
    #[must_use]
    pub fn told_to(mut self, heir: Arc<dyn Heir>) -> SourceGroup {
        let is_foreign = false;
        self.heir = Some(Inheritance { heir, is_foreign });
        self
    }

    /// Says that all members were made. Returns how that settles which is gathered of them, if it is.
    pub fn close(mut self) -> Option<Settlement> {
        let (opener, settlement) = self.whole.take()?;
        drop(opener);
        Some(settlement)
    }

    pub(crate) fn heir(&self) -> Option<&Inheritance> {
        self.heir.as_ref()
    }

    /// Returns the number of one member more, and its place if somebody gathers them.
    pub(crate) fn one_more(&mut self) -> (u64, Option<Arc<Place>>) {
        let number = self.emitted;
        self.emitted += 1;
        let whole = self.whole.as_ref();
        (number, whole.map(|(opener, _)| opener.place()))
    }
}

impl Drop for SourceGroup {
    fn drop(&mut self) {
        if let Some((opener, _)) = &self.whole {
            opener.break_off(None);
        }
    }
}
