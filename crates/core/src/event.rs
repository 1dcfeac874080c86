//! A value on its way through a flow.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use crate::attributes::{Attributes, Extension};
use crate::payload::Payload;
use crate::receipt::Receipt;
use crate::{Failure, Id, Result};

/// A value on its way through a flow: an id, a payload, attributes, maybe an error, and the receipt that
/// it owes to where it came from.
///
/// A copy costs a few reference counts, and changing a copy changes no other. An event made by
/// [`Event::new`] has no id and no root until a source emits it or an actor sends it; sent from within
/// `consume` it becomes a child of the event consumed.
#[derive(Clone, Default)]
pub struct Event {
    pub(crate) id: Id,
    pub(crate) payload: Payload,
    head: Option<Arc<Head>>,
    pub(crate) receipt: Receipt,
}

/// What a root tells its events of where it came from.
#[derive(Default)]
pub(crate) struct Origin {
    pub(crate) meta_id: Option<Arc<str>>,
    pub(crate) traceparent: Option<Arc<str>>,
}

/// What most events of a fast flow do not have; kept apart so that moving an event moves 64 bytes.
#[derive(Clone, Default)]
struct Head {
    meta_id: Option<Arc<str>>,
    service: Option<Arc<str>>,
    attributes: Attributes,
    failure: Option<Arc<Failure>>,
    attempts: u32,
    traceparent: Option<Arc<str>>,
}

impl Event {
    /// Makes an event that carries `payload`.
    pub fn new(payload: impl Into<Payload>) -> Event {
        Event {
            payload: payload.into(),
            ..Event::default()
        }
    }

    /// Returns the id: set once, when the event enters a flow, and the same in all copies.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Returns the id of the root that this event descends from.
    pub fn root_id(&self) -> Option<Id> {
        self.receipt.root().map(|root| root.id())
    }

    /// Returns the id that logs and traces show: the root's id, unless it was set.
    pub fn meta_id(&self) -> Cow<'_, str> {
        let root = self.receipt.root();
        let of_root = || root.and_then(|root| root.origin().meta_id.as_deref());
        match self.head().meta_id.as_deref().or_else(of_root) {
            Some(meta_id) => Cow::Borrowed(meta_id),
            None => Cow::Owned(self.root_id().unwrap_or(self.id).to_string()),
        }
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
        let root = self.receipt.root();
        let of_root = || root.and_then(|root| root.origin().traceparent.as_deref());
        self.head().traceparent.as_deref().or_else(of_root)
    }

    /// Sets the W3C trace context that the event belongs to.
    pub fn set_traceparent(&mut self, traceparent: impl Into<Arc<str>>) {
        self.head_mut().traceparent = Some(traceparent.into());
    }

    /// Returns when the client of the event's request stops waiting, if it is a request's event and has a
    /// deadline.
    pub fn deadline(&self) -> Option<Instant> {
        self.receipt.deadline()
    }

    /// Returns whether nobody waits any more for what the event would lead to: the client has gone or its
    /// deadline has passed, and there was no answer. Long work may look at it now and then.
    pub fn is_cancelled(&self) -> bool {
        self.receipt.is_void()
    }

    /// Returns how many links the event and its ancestors have passed.
    pub fn hops(&self) -> u32 {
        self.receipt.hops
    }

    /// Returns how often the present actor has tried before.
    pub fn attempts(&self) -> u32 {
        self.head().attempts
    }

    /// Returns the payload.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Sets the payload.
    pub fn set_payload(&mut self, payload: impl Into<Payload>) {
        self.payload = payload.into();
    }

    /// Takes the payload out, leaving none.
    pub fn take_payload(&mut self) -> Payload {
        std::mem::take(&mut self.payload)
    }

    /// Returns the same event with another payload.
    #[must_use]
    pub fn with(mut self, payload: impl Into<Payload>) -> Event {
        self.payload = payload.into();
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
        self.payload.text()
    }

    /// Returns the payload as bytes; see [`Payload::bytes`].
    ///
    /// # Errors
    /// Malformed, if a tree cannot be written out as text.
    pub fn bytes(&self) -> Result<&[u8]> {
        self.payload.bytes()
    }

    /// Returns the payload as JSON; see [`Payload::json`].
    ///
    /// # Errors
    /// Malformed, with the parser's message, line and column.
    pub fn json(&self) -> Result<Cow<'_, Value>> {
        self.payload.json()
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
        if self.head.is_some() {
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
        self.head.as_ref()?.failure.as_deref()
    }

    /// Returns the event without the mark of its error: the failure is dealt with.
    #[must_use]
    pub fn recovered(mut self) -> Event {
        if self.error().is_some() {
            self.head_mut().failure = None;
        }
        self
    }

    /// Returns the event marked with a failure.
    pub(crate) fn failed(mut self, failure: Failure) -> Event {
        self.head_mut().failure = Some(Arc::new(failure));
        self
    }

    /// Gives an event that has no root the identity and the receipt of its parent.
    pub(crate) fn adopt(&mut self, parent: &Event, id: Id) {
        self.id = id;
        self.receipt = parent.receipt.clone();
        let Some(theirs) = parent.head.as_deref() else {
            return;
        };
        if theirs.meta_id.is_none() && theirs.traceparent.is_none() {
            return;
        }
        let own = self.head_mut();
        own.meta_id = own.meta_id.take().or_else(|| theirs.meta_id.clone());
        own.traceparent = theirs.traceparent.clone();
    }

    /// Returns a copy without payload and attributes: enough to adopt children and to answer for the event.
    pub(crate) fn stub(&self) -> Event {
        let mut stub = Event {
            id: self.id,
            payload: Payload::Empty,
            head: None,
            receipt: self.receipt.clone(),
        };
        let head = self.head();
        if head.meta_id.is_some() || head.traceparent.is_some() || head.failure.is_some() {
            *stub.head_mut() = Head {
                attributes: Attributes::NONE,
                ..head.clone()
            };
        }
        stub
    }

    /// Returns a further copy of an event whose charge covers it.
    pub(crate) fn charged_copy(&self) -> Event {
        Event {
            receipt: self.receipt.charged_copy(),
            ..self.clone()
        }
    }

    /// Moves the meta id and the trace context to the root, where all of its events find them.
    pub(crate) fn take_origin(&mut self) -> Origin {
        match &self.head {
            Some(head) if head.meta_id.is_some() || head.traceparent.is_some() => {
                let head = self.head_mut();
                Origin {
                    meta_id: head.meta_id.take(),
                    traceparent: head.traceparent.take(),
                }
            }
            _ => Origin::default(),
        }
    }

    pub(crate) fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.head_mut().attributes
    }

    fn head(&self) -> &Head {
        static NONE: Head = Head {
            meta_id: None,
            service: None,
            attributes: Attributes::NONE,
            failure: None,
            attempts: 0,
            traceparent: None,
        };
        self.head.as_deref().unwrap_or(&NONE)
    }

    fn head_mut(&mut self) -> &mut Head {
        Arc::make_mut(self.head.get_or_insert_default())
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
        out.field("id", &self.id).field("meta_id", &self.meta_id());
        out.field("service", &self.service());
        out.field("attributes", self.attributes());
        out.field("payload", &self.payload);
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
    fn is_one_cache_line() {
        assert_eq!(size_of::<Event>(), 64);
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
