//! What a source makes of one thing, such as a file.

use std::sync::Arc;

use crate::group::{GroupOf, Opener, Place};
use crate::limits::Refusal;
use crate::settlement::Settlement;
use crate::source::{self, Source};
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
}

impl Source {
    /// Begins a group of events; `about` tells what they come of, and what is gathered of them has its
    /// attributes.
    ///
    /// # Errors
    /// As [`emit`](Source::emit).
    pub async fn group(&self, about: Event) -> Result<SourceGroup, Refusal> {
        if !self.context().station.flow.gathers {
            return Ok(SourceGroup { whole: None });
        }
        let (root, mut event) = self.enter(about, || None).await?;
        // What is gathered has no permit before it goes on: all permits might belong to groups, and none
        // be left for their members.
        let receipt = event.take_receipt();
        let flow = &self.context().station.flow;
        let opener = Opener::of(GroupOf::Source, flow, event, &receipt);
        let whole = Some((opener, Settlement(root)));
        Ok(SourceGroup { whole })
    }

    /// Emits an event as [`emit`](Source::emit) does, as a member of a group.
    ///
    /// # Errors
    /// As [`emit`](Source::emit).
    pub async fn emit_in(
        &self,
        group: &SourceGroup,
        event: impl Into<Event>,
    ) -> Result<Settlement, Refusal> {
        self.emit_from(None, event.into(), || group.place()).await
    }

    /// Emits events one after the other, as members of a group, and has `emitted` called with how each settles and what stands
    /// beside it. Cancel safe but for the one that waits: if it is dropped before it is done, those were sent with which that was called.
    ///
    /// # Errors
    /// As [`emit`](Source::emit); those before were sent.
    pub async fn emit_all_in<T>(
        &self,
        group: &SourceGroup,
        events: impl IntoIterator<Item = (Event, T)>,
        mut emitted: impl FnMut(Settlement, T),
    ) -> Result<(), Refusal> {
        let mut events = events.into_iter();
        while let Some((event, beside)) = self.emit_at_once(group, &mut events, &mut emitted) {
            let settlement = self.emit_in(group, event).await?;
            emitted(settlement, beside);
        }
        Ok(())
    }

    /// Emits events until one has to wait, which is returned.
    fn emit_at_once<T>(
        &self,
        group: &SourceGroup,
        events: &mut impl Iterator<Item = (Event, T)>,
        emitted: &mut impl FnMut(Settlement, T),
    ) -> Option<(Event, T)> {
        let now = desk::millis();
        // Not that of the desk, which is looked for each time.
        let mut purse = None;
        // One permit at first, since often there is one event only.
        let (mut take, chunk) = (1, self.context().station.flow.chunk);
        for (event, beside) in events {
            let cost = event.cost();
            let spent = match self.spend_turn() {
                true => Purse::spend_or_take(&mut purse, (self.gate(), take, false), (cost, now)),
                false => None,
            };
            take = chunk;
            let Some((permit, id)) = spent else {
                return Some((event, beside));
            };
            let (root, mut event) = source::enter_as(id, permit, event, false);
            if let Some(place) = group.place() {
                event.join_group(place);
            }
            source::send(self.context(), None, event);
            emitted(Settlement(root), beside);
        }
        None
    }

    /// Lets in what could not be read as [`emit_failed`](Source::emit_failed) does, as a member of a group.
    ///
    /// # Errors
    /// As [`emit`](Source::emit).
    pub async fn emit_failed_in(
        &self,
        group: &SourceGroup,
        event: impl Into<Event>,
        error: impl Into<Error>,
    ) -> Result<Settlement, Refusal> {
        let (event, error) = (event.into(), error.into());
        self.fail_from(event, error, || group.place()).await
    }
}

impl SourceGroup {
    /// Says that all members were made. Returns how that settles which is gathered of them, if it is.
    pub fn close(mut self) -> Option<Settlement> {
        let (opener, settlement) = self.whole.take()?;
        drop(opener);
        Some(settlement)
    }

    fn place(&self) -> Option<Arc<Place>> {
        let (opener, _) = self.whole.as_ref()?;
        Some(opener.place())
    }
}

impl Drop for SourceGroup {
    fn drop(&mut self) {
        if let Some((opener, _)) = &self.whole {
            opener.break_off(None);
        }
    }
}
