//! What an actor's context knows of the event that is being consumed.

use std::sync::Arc;

use crate::attributes::Attributes;
use crate::event::{Body, Head};
use crate::receipt::Receipt;
use crate::travel::Travel;
use crate::{Event, Id};

/// The event being consumed, as it came in: the whole of it, or enough to adopt children and to answer for
/// it, so that the event itself can be changed in place.
///
/// Two fields and no enum, since each is then written where it stands; moving an enum around cost a
/// quarter of a hop. The trace is no event either: an allocation would cost as much.
#[derive(Clone, Default)]
pub(crate) struct Parent {
    whole: Event,
    trace: Body,
    travel: Travel,
}

impl Parent {
    /// Keeps a copy of the whole event.
    #[inline]
    pub(crate) fn keep(&mut self, event: &Event) {
        self.whole = event.clone();
        self.travel = self.whole.travel;
    }

    /// Keeps a copy without payload and attributes.
    #[inline]
    pub(crate) fn keep_trace(&mut self, event: &Event) {
        self.trace.keep_trace(event.body());
        self.travel = event.travel.uncharged();
    }

    /// Lets go of what was kept.
    #[inline]
    pub(crate) fn clear(&mut self) {
        match self.whole.body.is_some() {
            true => self.whole = Event::default(),
            false => self.trace.receipt = Receipt::None,
        }
    }

    /// Returns whether an event is being consumed.
    pub(crate) fn is_some(&self) -> bool {
        self.body().receipt.is_some()
    }

    /// Returns the whole event, if it was kept.
    pub(crate) fn whole(&self) -> Option<&Event> {
        self.whole.body.is_some().then_some(&self.whole)
    }

    /// Returns the content, or what is kept of it.
    pub(crate) fn body(&self) -> &Body {
        self.whole.body.as_deref().unwrap_or(&self.trace)
    }

    /// Returns a copy without payload and receipt, to make of it what will stand for all that came of it. Of an
    /// actor that keeps no input it has no attributes.
    pub(crate) fn describe(&self) -> Event {
        let body = self.body();
        let mut event = Event::of(Body {
            id: body.id,
            head: body.head.clone(),
            ..Body::default()
        });
        event.travel = self.travel.uncharged();
        event.recovered()
    }

    /// Takes the event out, or without it what is left of it.
    pub(crate) fn take(&mut self) -> Event {
        if self.whole.body.is_some() {
            return std::mem::take(&mut self.whole);
        }
        let mut event = Event::of(std::mem::take(&mut self.trace));
        event.travel = self.travel;
        event
    }

    /// Gives an event that has no root the identity and the receipt of a child.
    pub(crate) fn adopt(&self, event: &mut Event, id: Id) {
        event.travel = self.travel.owning();
        let theirs = self.body();
        let body = event.body_mut();
        body.id = id;
        body.receipt = theirs.receipt.clone();
        let theirs = theirs.head();
        if theirs.meta_id.is_none() && theirs.traceparent.is_none() {
            return;
        }
        let own = event.head_mut();
        own.meta_id = own.meta_id.take().or_else(|| theirs.meta_id.clone());
        own.traceparent = theirs.traceparent.clone();
    }
}

impl Body {
    fn keep_trace(&mut self, of: &Body) {
        let head = of.head();
        let told = head.meta_id.is_some() || head.traceparent.is_some() || head.failure.is_some();
        self.id = of.id;
        self.receipt = of.receipt.clone();
        self.head = told.then(|| {
            Arc::new(Head {
                attributes: Attributes::NONE,
                ..head.clone()
            })
        });
    }
}
