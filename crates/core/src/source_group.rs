//! What a source makes of one thing, such as a file.

use std::sync::Arc;

use crate::group::{GroupOf, Opener, Place};
use crate::limits::Refusal;
use crate::settlement::Settlement;
use crate::source::Source;
use crate::{Error, Event, Result};

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
