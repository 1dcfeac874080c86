//! What an actor promises about its inboxes and outboxes, and about itself.

use std::path::PathBuf;
use std::sync::Arc;

use crate::doubt::Doubt;
use crate::group::GroupOf;
use crate::payload_form::Form;
use crate::port::Port;
use crate::works_on::Reads;

/// Which part of a flow's permits a source has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Share {
    /// As much as each of the others.
    #[default]
    Equal,
    /// A small one of its own, for the flow's log.
    Log,
    /// What so many processes may have under way together, beside that of this one's sources.
    Foreign(usize),
}

/// What an actor says about its ports; the director checks the wiring against it before the start.
#[derive(Clone, Debug, Default)]
pub struct Ports {
    pub(crate) source: bool,
    pub(crate) door: bool,
    pub(crate) sink: bool,
    pub(crate) may_drop: bool,
    pub(crate) single: bool,
    pub(crate) gathers: Option<GroupOf>,
    pub(crate) ungrouped: bool,
    pub(crate) endless: bool,
    pub(crate) share: Share,
    pub(crate) outboxes: Vec<Port>,
    pub(crate) inboxes: Vec<Port>,
    pub(crate) chooses: bool,
    pub(crate) aside: Vec<Port>,
    pub(crate) spares: Option<Port>,
    pub(crate) straight: Option<Port>,
    pub(crate) own: Vec<Port>,
    pub(crate) unites: bool,
    pub(crate) holds: bool,
    pub(crate) recovers: bool,
    pub(crate) never_fails: bool,
    pub(crate) outside: bool,
    pub(crate) writes: bool,
    pub(crate) parts: Vec<Arc<str>>,
    pub(crate) resumes: bool,
    pub(crate) asks_nothing: bool,
    pub(crate) unasked: Vec<Port>,
    pub(crate) needed: Vec<Port>,
    pub(crate) takes: Option<Form>,
    pub(crate) makes: Option<Form>,
    pub(crate) doubts: Vec<Doubt>,
    pub(crate) listens: Vec<String>,
    pub(crate) works_on: Vec<PathBuf>,
    pub(crate) owns: Vec<PathBuf>,
    pub(crate) reads: Option<Reads>,
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

    /// May end an event without sending it on as long as this outbox is not connected; else sends it there, and all others
    /// to every outbox but this, as what splits does with an event of no parts.
    #[must_use]
    pub fn may_drop_unless(mut self, outbox: impl Into<Port>) -> Ports {
        let outbox = outbox.into();
        self.may_drop = true;
        self.spares = Some(outbox.clone());
        self.aside(outbox)
    }

    /// Sends each event to one of its outboxes, and not to all.
    #[must_use]
    pub fn chooses(mut self) -> Ports {
        self.chooses = true;
        self
    }

    /// Sends some events to this outbox alone, if it is connected, and the others to every outbox but this, as a cache does
    /// with what it does not know.
    #[must_use]
    pub fn aside(mut self, outbox: impl Into<Port>) -> Ports {
        self.aside.push(outbox.into());
        self
    }

    /// Sends nothing aside that comes by this inbox.
    #[must_use]
    pub fn straight(mut self, inbox: impl Into<Port>) -> Ports {
        self.straight = Some(inbox.into());
        self
    }

    /// Sends to this outbox only what it makes by itself; what it takes in goes to every outbox but this.
    #[must_use]
    pub fn own(mut self, outbox: impl Into<Port>) -> Ports {
        self.own.push(outbox.into());
        self
    }

    /// Ends an event only if another of the same root goes on from here, be it in one made of both.
    #[must_use]
    pub fn unites(mut self) -> Ports {
        self.unites = true;
        self
    }

    /// May hold events across calls, so that they rest without a permit.
    #[must_use]
    pub fn holds(mut self) -> Ports {
        self.holds = true;
        self
    }

    /// Takes the mark of an error off what it sends on.
    #[must_use]
    pub fn recovers(mut self) -> Ports {
        self.recovers = true;
        self
    }

    /// Fails on no event, whatever is in it.
    #[must_use]
    pub fn never_fails(mut self) -> Ports {
        self.never_fails = true;
        self
    }

    /// Talks to something outside of the process: over a network, to another program, or by way of the files that it
    /// [works on](Ports::works_on). A test has somebody else in its place.
    #[must_use]
    pub fn outside(mut self) -> Ports {
        self.outside = true;
        self
    }

    /// Writes to files, and sends on what it has written. A test that has no directory of its own has somebody else in its
    /// place, and so has one whose directory does not have the files that it [works on](Ports::works_on).
    #[must_use]
    pub fn writes(mut self) -> Ports {
        self.writes = true;
        self
    }

    /// Has parts of its own, such as the templates of a stylesheet, of which it tells when each is reached
    /// ([`Context::reach`](crate::Context::reach)).
    #[must_use]
    pub fn parts<P: Into<Arc<str>>>(mut self, names: impl IntoIterator<Item = P>) -> Ports {
        self.parts = names.into_iter().map(Into::into).collect();
        self
    }

    /// Is a door that waits for no answer to what it makes.
    #[must_use]
    pub fn asks_nothing(mut self) -> Ports {
        self.asks_nothing = true;
        self
    }

    /// Is a door that waits for no answer to what it sends to this outbox.
    #[must_use]
    pub fn unasked(mut self, outbox: impl Into<Port>) -> Ports {
        self.unasked.push(outbox.into());
        self
    }

    /// Counts what it made as done only when that has settled, so that what was under way when the process was killed comes
    /// again.
    #[must_use]
    pub fn resumes(mut self) -> Ports {
        self.resumes = true;
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
    pub fn gathers(mut self, of: GroupOf) -> Ports {
        self.gathers = Some(of);
        self
    }

    /// Takes in what so many other processes send ([`Context::intake`](crate::Context::intake)), beside what the flow's own
    /// sources emit.
    #[must_use]
    pub fn takes_in(mut self, processes: usize) -> Ports {
        self.source = true;
        self.share = Share::Foreign(processes);
        self
    }

    /// Has permits of its own, for the flow's log.
    pub(crate) fn with_log_share(mut self) -> Ports {
        self.share = Share::Log;
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

    /// Returns whether it has permits of its own, beside those that the other sources share.
    pub fn has_own_share(&self) -> bool {
        self.share != Share::Equal
    }

    /// Returns whether it waits for answers to what it makes.
    pub fn is_door(&self) -> bool {
        self.door
    }

    /// Returns whether it is an end for events.
    pub fn is_sink(&self) -> bool {
        self.sink
    }

    /// Returns whether it gathers what came of one event.
    pub fn is_gatherer(&self) -> bool {
        self.gathers.is_some()
    }

    /// Returns what it gathers the parts of.
    pub fn gathered(&self) -> Option<GroupOf> {
        self.gathers
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

    /// Returns whether it sends each event to one of its outboxes.
    pub fn is_choosing(&self) -> bool {
        self.chooses || !self.outboxes.is_empty()
    }

    /// Returns the outboxes of events that go nowhere else.
    pub fn outboxes_aside(&self) -> &[Port] {
        &self.aside
    }

    /// Returns the outbox that, connected, takes what would else be dropped.
    pub fn drop_outbox(&self) -> Option<&Port> {
        self.spares.as_ref()
    }

    /// Returns the inbox of events that never go aside.
    pub fn straight_inbox(&self) -> Option<&Port> {
        self.straight.as_ref()
    }

    /// Returns the outboxes of what it makes by itself.
    pub fn own_outboxes(&self) -> &[Port] {
        &self.own
    }

    /// Returns whether it ends an event only if another of the same root goes on.
    pub fn is_uniting(&self) -> bool {
        self.unites
    }

    /// Returns whether it may hold events across calls.
    pub fn is_holding(&self) -> bool {
        self.holds
    }

    /// Returns whether it takes the mark of an error off.
    pub fn is_recovering(&self) -> bool {
        self.recovers
    }

    /// Returns whether what was under way when the process was killed comes again.
    pub fn is_resuming(&self) -> bool {
        self.resumes
    }

    /// Returns whether it waits for an answer to what it sends to this outbox, or, without one, to all.
    pub fn asks(&self, outbox: Option<&Port>) -> bool {
        let is_asked = |outbox: &Port| !self.unasked.contains(outbox);
        !self.asks_nothing && outbox.is_none_or(is_asked)
    }

    /// Returns whether it talks to something outside of the process.
    pub fn is_outside(&self) -> bool {
        self.outside
    }

    /// Returns whether it writes to files.
    pub fn is_writing(&self) -> bool {
        self.writes
    }

    /// Returns the names of its parts.
    pub fn named_parts(&self) -> &[Arc<str>] {
        &self.parts
    }

    /// Returns whether it fails on no event.
    pub fn is_never_failing(&self) -> bool {
        self.never_fails
    }
}
