//! A value on its way through a flow.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;
use tokio::time::Instant;

use crate::attributes::{Attributes, Extension};
use crate::payload::Payload;
use crate::receipt::Receipt;
use crate::sync::Counted;
use crate::travel::Travel;
use crate::{Failure, Id, Result};

/// A value on its way through a flow: an id, a payload, attributes, maybe an error, and the receipt that
/// it owes to where it came from.
///
/// A copy costs a few reference counts, and changing a copy changes no other. An event made by
/// [`Event::new`] has no id and no root until a source emits it or an actor sends it; sent from within
/// `consume` it becomes a child of the event consumed.
#[derive(Default)]
pub struct Event {
    /// Counted by copies until one of them is changed.
    pub(crate) body: Option<Counted<Body>>,
    pub(crate) travel: Travel,
}

/// The content of an event.
#[derive(Clone, Default)]
pub(crate) struct Body {
    pub(crate) id: Id,
    pub(crate) payload: Payload,
    pub(crate) receipt: Receipt,
    pub(crate) head: Option<Arc<Head>>,
}

/// What most events of a fast flow do not have; kept apart so that changing a payload copies little.
#[derive(Clone, Default)]
pub(crate) struct Head {
    pub(crate) meta_id: Option<Arc<str>>,
    pub(crate) service: Option<Arc<str>>,
    pub(crate) attributes: Attributes,
    pub(crate) failure: Option<Arc<Failure>>,
    /// When the actor first tried that has tried before.
    pub(crate) first_tried: Option<SystemTime>,
    pub(crate) traceparent: Option<Arc<str>>,
}

pub(crate) static NO_HEAD: Head = Head {
    meta_id: None,
    service: None,
    attributes: Attributes::NONE,
    failure: None,
    first_tried: None,
    traceparent: None,
};

static NO_BODY: Body = Body {
    id: Id::NONE,
    payload: Payload::Empty,
    receipt: Receipt::None,
    head: None,
};

impl Event {
    /// Makes an event that carries `payload`.
    pub fn new(payload: impl Into<Payload>) -> Event {
        Event::of(Body {
            payload: payload.into(),
            ..Body::default()
        })
    }

    pub(crate) fn of(body: Body) -> Event {
        Event {
            body: Some(Counted::new(body)),
            travel: Travel::default(),
        }
    }

    /// Returns the id: set once, when the event enters a flow, and the same in all copies.
    pub fn id(&self) -> Id {
        self.body().id
    }

    /// Returns the same event with an id that it had before it came here, as one that was stored has. It
    /// keeps it when it enters a flow.
    #[must_use]
    pub fn with_id(mut self, id: Id) -> Event {
        self.set_id(id);
        self
    }

    /// Returns the id of the root that this event descends from.
    pub fn root_id(&self) -> Option<Id> {
        self.receipt().root().map(|root| root.id())
    }

    /// Returns the id that logs and traces show: the root's id, unless it was set.
    pub fn meta_id(&self) -> Cow<'_, str> {
        match self.own_meta_id() {
            Some(meta_id) => Cow::Borrowed(meta_id),
            None => Cow::Owned(self.root_id().unwrap_or(self.id()).to_string()),
        }
    }

    /// Returns the id that logs and traces show, if it was set, on the event or on its root.
    pub fn own_meta_id(&self) -> Option<&str> {
        let root = self.receipt().root();
        let of_root = || root.and_then(|root| root.origin()?.meta_id.as_deref());
        self.head().meta_id.as_deref().or_else(of_root)
    }

    /// Sets the id that logs and traces show.
    pub fn set_meta_id(&mut self, meta_id: impl Into<Arc<str>>) {
        self.head_mut().meta_id = Some(meta_id.into());
    }

    /// Returns the service that the event is for; `default` unless it was set.
    pub fn service(&self) -> &str {
        self.head().service.as_deref().unwrap_or("default")
    }

    /// Sets the service that the event is for.
    pub fn set_service(&mut self, service: impl Into<Arc<str>>) {
        self.head_mut().service = Some(service.into());
    }

    /// Returns the W3C trace context that the event belongs to.
    pub fn traceparent(&self) -> Option<&str> {
        let root = self.receipt().root();
        let of_root = || root.and_then(|root| root.origin()?.traceparent.as_deref());
        self.head().traceparent.as_deref().or_else(of_root)
    }

    /// Sets the W3C trace context that the event belongs to.
    pub fn set_traceparent(&mut self, traceparent: impl Into<Arc<str>>) {
        self.head_mut().traceparent = Some(traceparent.into());
    }

    /// Returns when the client of the event's request stops waiting, if it is a request's event and has a
    /// deadline.
    pub fn deadline(&self) -> Option<Instant> {
        self.receipt().deadline()
    }

    /// Returns whether nobody waits any more for what the event would lead to: the client has gone or its
    /// deadline has passed, and there was no answer. Long work may look at it now and then.
    pub fn is_cancelled(&self) -> bool {
        self.is_void()
    }

    /// Returns how many links the event and its ancestors have passed.
    pub fn hops(&self) -> u32 {
        self.travel.hops()
    }

    /// Returns the payload.
    pub fn payload(&self) -> &Payload {
        &self.body().payload
    }

    /// Sets the payload.
    pub fn set_payload(&mut self, payload: impl Into<Payload>) {
        self.travel = self.travel.owning();
        self.body_mut().payload = payload.into();
    }

    /// Takes the payload out, leaving none.
    pub fn take_payload(&mut self) -> Payload {
        std::mem::take(&mut self.body_mut().payload)
    }

    /// Returns a new event of another payload with the same service, attributes and ids of its trace, which
    /// becomes a child of the event being consumed when it is sent.
    #[must_use]
    pub fn child(&self, payload: impl Into<Payload>) -> Event {
        let mut child = Event::of(Body {
            payload: payload.into(),
            head: self.body().head.clone(),
            ..Body::default()
        });
        if child.head().failure.is_some() || child.head().first_tried.is_some() {
            let head = child.head_mut();
            (head.failure, head.first_tried) = (None, None);
        }
        child
    }

    /// Returns the same event with another payload.
    #[must_use]
    pub fn with(mut self, payload: impl Into<Payload>) -> Event {
        self.set_payload(payload);
        self
    }

    /// Returns the same event with an attribute set.
    #[must_use]
    pub fn with_attribute(mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Event {
        self.set_attribute(name, value);
        self
    }

    /// Returns the payload as text; see [`Payload::text`].
    ///
    /// # Errors
    /// Malformed, if it is bytes that are not UTF-8.
    pub fn text(&self) -> Result<&str> {
        self.payload().text()
    }

    /// Returns the payload as bytes; see [`Payload::bytes`].
    ///
    /// # Errors
    /// Malformed, if a tree cannot be written out as text.
    pub fn bytes(&self) -> Result<&[u8]> {
        self.payload().bytes()
    }

    /// Returns the payload as JSON; see [`Payload::json`].
    ///
    /// # Errors
    /// Malformed, with the parser's message, line and column.
    pub fn json(&self) -> Result<Cow<'_, Value>> {
        self.payload().json()
    }

    /// Gives the event these attributes in place of its own.
    pub fn set_attributes(&mut self, attributes: Attributes) {
        if !(attributes.is_empty() && self.attributes().is_empty()) {
            self.head_mut().attributes = attributes;
        }
    }

    /// Returns the attributes.
    pub fn attributes(&self) -> &Attributes {
        &self.head().attributes
    }

    /// Returns an attribute.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.head().attributes.get(name)
    }

    /// Sets an attribute.
    pub fn set_attribute(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) {
        self.attributes_mut().set(name, value);
    }

    /// Removes an attribute.
    pub fn remove_attribute(&mut self, name: &str) {
        if self.body().head.is_some() {
            self.attributes_mut().remove(name);
        }
    }

    /// Returns the typed value of an attribute; see [`Extension`].
    pub fn extension<T: Extension>(&self, name: &str) -> Option<&T> {
        self.head().attributes.extension(name)
    }

    /// Sets an attribute to a typed value; see [`Extension`].
    pub fn set_extension<T: Extension>(&mut self, name: impl Into<Arc<str>>, value: Arc<T>) {
        self.attributes_mut().set_extension(name, value);
    }

    /// Returns the failure that the event is marked with, if an actor could not handle it.
    pub fn error(&self) -> Option<&Failure> {
        self.body().head.as_ref()?.failure.as_deref()
    }

    /// Returns the event without the mark of its error: the failure is dealt with.
    #[must_use]
    pub fn recovered(mut self) -> Event {
        if self.error().is_some() {
            self.head_mut().failure = None;
        }
        self
    }

    /// Returns the event with its failure marked as dealt with by whoever will look at what was kept: it
    /// is stored, with its error, where it can be sent again. Where the event ends now, its root settles
    /// [kept](crate::Outcome::Kept) and not failed. An event that is not marked with an error stays as it is.
    #[must_use]
    pub fn kept(mut self) -> Event {
        if let Some(failure) = &mut self.head_mut_if_failed() {
            Arc::make_mut(failure).kept = true;
        }
        self
    }

    fn head_mut_if_failed(&mut self) -> Option<&mut Arc<Failure>> {
        self.error()?;
        self.head_mut().failure.as_mut()
    }

    /// Returns the event marked with a failure, as an actor leaves it that could not handle it.
    #[must_use]
    pub fn failed(mut self, failure: Failure) -> Event {
        self.head_mut().failure = Some(Arc::new(failure));
        self
    }

    pub(crate) fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.head_mut().attributes
    }

    pub(crate) fn head(&self) -> &Head {
        self.body().head.as_deref().unwrap_or(&NO_HEAD)
    }

    pub(crate) fn head_mut(&mut self) -> &mut Head {
        Arc::make_mut(self.body_mut().head.get_or_insert_default())
    }

    pub(crate) fn body(&self) -> &Body {
        self.body.as_deref().unwrap_or(&NO_BODY)
    }

    /// Returns the content for changing, which is copied if another event shares it.
    pub(crate) fn body_mut(&mut self) -> &mut Body {
        Counted::make_mut(self.body.get_or_insert_default())
    }
}

impl Clone for Event {
    fn clone(&self) -> Event {
        Event {
            body: self.body.clone(),
            travel: self.travel.uncharged(),
        }
    }
}

impl<P: Into<Payload>> From<P> for Event {
    fn from(payload: P) -> Event {
        Event::new(payload)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Event");
        out.field("id", &self.id())
            .field("meta_id", &self.meta_id());
        out.field("service", &self.service());
        out.field("attributes", self.attributes());
        out.field("payload", self.payload());
        if let Some(failure) = self.error() {
            out.field("error", failure);
        }
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moves_in_two_registers() {
        assert_eq!(size_of::<Event>(), 2 * size_of::<usize>());
    }

    #[test]
    fn changing_a_copy_changes_no_other() {
        let mut first = Event::new("one").with_attribute("color", "red");
        first.set_service("paint");
        let mut second = first.clone();
        second.set_payload("two");
        second.set_attribute("color", "blue");
        second.set_service("sell");
        assert_eq!(first.text().unwrap(), "one");
        assert_eq!(*first.attribute("color").unwrap(), json!("red"));
        assert_eq!(first.service(), "paint");
        assert_eq!(second.text().unwrap(), "two");
    }

    #[test]
    fn has_defaults_without_a_head() {
        let event = Event::new(());
        assert_eq!(event.service(), "default");
        assert_eq!(event.text().unwrap(), "");
        assert!(event.attributes().is_empty() && event.error().is_none());
    }
}
