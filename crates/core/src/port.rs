//! The names of inboxes and outboxes, and what an actor promises about them.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The name of an inbox or outbox.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Port(Arc<str>);

impl Port {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: AsRef<str>> From<S> for Port {
    fn from(name: S) -> Port {
        Port(name.as_ref().into())
    }
}

impl Deref for Port {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Port {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Port {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// What an actor says about its ports; the director checks the wiring against it before the start.
#[derive(Clone, Debug, Default)]
pub struct Ports {
    pub(crate) source: bool,
    pub(crate) door: bool,
    pub(crate) sink: bool,
    pub(crate) may_drop: bool,
    pub(crate) single: bool,
    pub(crate) gathers: bool,
    pub(crate) has_own_share: bool,
    pub(crate) outboxes: Vec<Port>,
    pub(crate) inboxes: Vec<Port>,
    pub(crate) needed: Vec<Port>,
    pub(crate) takes: Option<Form>,
    pub(crate) makes: Option<Form>,
}

/// What the payloads of an actor are, where that is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON.
    Json,
    /// XML.
    Xml,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Json => "JSON",
            Form::Xml => "XML",
        })
    }
}

impl Ports {
    /// Any inboxes and outboxes; each event consumed is sent on or held.
    pub fn any() -> Ports {
        Ports::default()
    }

    /// Makes events by itself, so it may be without an inbox.
    #[must_use]
    pub fn source(mut self) -> Ports {
        self.source = true;
        self
    }

    /// Makes events and waits for their answers: what reaches its inbox answers the event's root.
    #[must_use]
    pub fn door(mut self) -> Ports {
        self.source = true;
        self.door = true;
        self.sink = true;
        self
    }

    /// Is an end for events, so it need not send them on.
    #[must_use]
    pub fn sink(mut self) -> Ports {
        self.sink = true;
        self
    }

    /// May end an event without sending it on, as a filter does.
    #[must_use]
    pub fn may_drop(mut self) -> Ports {
        self.may_drop = true;
        self
    }

    /// Keeps what concerns the events of all instances, as what joins events or writes a file does, so that
    /// there can be no pool of it.
    #[must_use]
    pub fn single(mut self) -> Ports {
        self.single = true;
        self
    }

    /// Gathers what came of one event or of one thing that a source read ([`Context::arrive`](crate::Context::arrive)): only
    /// in a flow with such an actor is it noted what belongs together.
    #[must_use]
    pub fn gathers(mut self) -> Ports {
        self.gathers = true;
        self
    }

    /// Has permits of its own, beside those that the other sources share.
    pub(crate) fn with_own_share(mut self) -> Ports {
        self.has_own_share = true;
        self
    }

    /// Sends to these outboxes by name; each must be connected, and no others may be.
    #[must_use]
    pub fn outboxes<P: Into<Port>>(mut self, names: impl IntoIterator<Item = P>) -> Ports {
        self.outboxes = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sends to this outbox by name, beside any others; it must be connected.
    #[must_use]
    pub fn needs(mut self, outbox: impl Into<Port>) -> Ports {
        self.needed.push(outbox.into());
        self
    }

    /// Fails on every payload that is of the other form.
    #[must_use]
    pub fn takes(mut self, form: Form) -> Ports {
        self.takes = Some(form);
        self
    }

    /// Sends only payloads of this form, by whichever outbox but the error outbox.
    #[must_use]
    pub fn makes(mut self, form: Form) -> Ports {
        self.makes = Some(form);
        self
    }

    /// Takes events only from these inboxes; each must be connected, and no others may be.
    #[must_use]
    pub fn inboxes<P: Into<Port>>(mut self, names: impl IntoIterator<Item = P>) -> Ports {
        self.inboxes = names.into_iter().map(Into::into).collect();
        self
    }
    /// Returns whether it makes events by itself.
    pub fn is_source(&self) -> bool {
        self.source
    }

    /// Returns whether it waits for answers to what it makes.
    pub fn is_door(&self) -> bool {
        self.door
    }

    /// Returns whether it is an end for events.
    pub fn is_sink(&self) -> bool {
        self.sink
    }

    /// Returns whether it may end an event without sending it on.
    pub fn drops(&self) -> bool {
        self.may_drop
    }

    /// Returns whether there can be no pool of it.
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// Returns the outboxes that it sends to by name; none if it sends to whichever there are.
    pub fn named_outboxes(&self) -> &[Port] {
        &self.outboxes
    }

    /// Returns the only inboxes that it takes events from; none if it takes them from any.
    pub fn named_inboxes(&self) -> &[Port] {
        &self.inboxes
    }
}
