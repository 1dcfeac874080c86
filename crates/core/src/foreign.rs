//! Events that come from another process, and what is told there of their end.

use std::future::Future;
use std::sync::Arc;

use tokio::time::Instant;

use crate::context::Context;
use crate::current;
use crate::desk::{self, Drawer};
use crate::flow_state::FlowState;
use crate::heir::{Heir, Inheritance};
use crate::receipt::Receipt;
use crate::root::Root;
use crate::source::{self, Source};
use crate::station::Station;
use crate::sync::Counted;
use crate::{Error, Event, Failure, Id, Result};

/// An event that left a flow in one process to go on in another, as that one takes it in.
///
/// It has a permit already, at the source where its root began; here it takes none, so that what comes in never has to
/// wait. A root is made for it that bears the id of the one where it began.
pub struct Foreign {
    /// The event. If it has a receipt ([`Event::owing_as`]) it goes on owing to that as well.
    pub event: Event,
    /// The id of the root that it descends from.
    pub root: Id,
    /// The links that it has passed.
    pub hops: u32,
    /// When the client of its request stops waiting.
    pub deadline: Option<Instant>,
    /// Whether a client waits for an answer.
    pub is_asked: bool,
    /// The number by which its [`Heir`] knows it.
    pub call: u64,
}

/// Lets in what other processes send. While there is one, the flow does not end by itself, and a stop waits for it: drop
/// it when nothing can come any more.
pub struct Intake {
    source: Source,
    flow: Arc<FlowState>,
}

/// Ties a foreign event to the request that it belongs to.
pub struct Adopted(Counted<Root>);

impl Context {
    /// Sends an event the actor's error path, as one that had come by this inbox: what was handed over and came back
    /// undone.
    pub fn fail_by(&self, inbox: &str, event: Event, error: impl Into<Error>) {
        let inboxes = &self.station.inboxes;
        let inbox = inboxes.iter().position(|own| own == inbox);
        let inbox = inbox.and_then(|inbox| u16::try_from(inbox).ok());
        self.station.route_error_of(inbox, event, error.into());
    }

    /// Does something as this actor: what ends there has ended at it.
    pub fn as_actor<T>(&self, work: impl FnOnce() -> T) -> T {
        current::as_actor(&self.station.name, work)
    }

    /// Says that the event being consumed was handed over to what will see to it, and is not ended here.
    pub fn hand_over(&self) {
        self.note_sent();
    }

    /// Opens the actor, which must say that it [takes events in](crate::Ports::takes_in), for events from other processes.
    ///
    /// # Errors
    /// Internal, if its ports do not say so.
    pub fn intake(&self) -> Result<Intake> {
        let source = Source::new(Arc::new(self.clone()))?;
        let flow = self.station.flow.clone();
        flow.intake_opened();
        Ok(Intake { source, flow })
    }
}

impl Intake {
    /// Lets an event in, at once and also while the flow is stopping, and sends it to the outbox of this name.
    ///
    /// It is charged to the actor's share beyond its limit if need be: what bounds it is the source where it began. Returned is
    /// what ties it to its request, if a client waits for the answer.
    pub fn adopt(&self, outbox: &str, foreign: Foreign, heir: Arc<dyn Heir>) -> Option<Adopted> {
        let Foreign {
            mut event,
            root: id,
            hops,
            deadline,
            is_asked,
            call,
        } = foreign;
        let gate = self.source.gate();
        let known = event.take_receipt();
        let cost = event.cost();
        let is_foreign = true;
        let inheritance = Inheritance { heir, is_foreign };
        let room = match desk::room(
            &self.source.context().station,
            gate,
            cost,
            Some(&inheritance),
        ) {
            Some((room, _)) => room,
            None => {
                // In this order: of roots from elsewhere there are not to be more than of all.
                self.flow.root_opened();
                self.flow.foreign_opened(1);
                gate.overdraw_for(inheritance, cost)
            }
        };
        let origin = event.take_origin();
        let root = Root::new(id, room, call, is_asked, origin);
        let root = Counted::new(root);
        if let Some(deadline) = deadline {
            root.set_deadline(deadline);
        }
        let adopted = is_asked.then(|| Adopted(root.clone()));
        event.enter_after(hops, root);
        if known.is_some() {
            let own = event.receipt().clone();
            event.set_receipt(Receipt::merge(vec![own, known]));
        }
        source::send(self.source.context(), Some(outbox), event);
        adopted
    }

    /// Lets an event in that [was left](Event::leave_to_heir) to this process, after so many links, and sends it to the outbox of
    /// this name. It goes on in the place of one that had gone out ([`Event::owing_as`]), whose end this process has still to see, and
    /// is charged beyond the limit if need be.
    pub fn take_back(&self, outbox: &str, mut event: Event, hops: u32) {
        event.pass_links_to(hops);
        event.charge_anyway();
        source::send(self.source.context(), Some(outbox), event);
    }

    /// Stops the flow, since what it needs of other processes it can never have; the first reason counts.
    pub fn fail(&self, error: Error) {
        self.flow.fail(error);
    }

    /// Does something that lets many events in, and hands them over together when it is done.
    pub fn together<T>(&self, work: impl FnOnce() -> T) -> T {
        let desk = Laid(Drawer::default(), &self.source.context().station);
        desk.0.open(desk.1);
        work()
    }

    /// Waits until nothing is left to do here for what began here: all other sources have ended, or the flow is stopping,
    /// and all roots have settled but those that were let in.
    pub fn until_own_are_done(&self) -> impl Future<Output = ()> + Send + use<> {
        let flow = self.flow.clone();
        async move {
            let is_done = || {
                let is_over = flow.is_stopping() || flow.sources() <= flow.intakes();
                is_over && flow.has_only_foreign()
            };
            flow.until(is_done).await;
        }
    }

    /// Returns how many roots that were let in have not settled.
    pub fn open(&self) -> u64 {
        self.flow.open_foreign()
    }
}

/// A desk that is put away also after a panic.
struct Laid<'a>(Drawer, &'a Station);

impl Drop for Laid<'_> {
    fn drop(&mut self) {
        self.0.close(self.1);
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.flow.intake_closed();
    }
}

impl Adopted {
    /// Tells the flow that nobody waits for the answer any more: copies not yet consumed are skipped.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

impl Event {
    /// Returns the event as one more of those that came of another: it owes to the same roots and belongs to the same
    /// groups. So what comes back from another process stands where that stood which was sent there.
    #[must_use]
    pub fn owing_as(mut self, other: &Event) -> Event {
        drop(self.take_receipt());
        self.enter_beside(other);
        self
    }

    /// Returns the event as one that came of further ones as well.
    #[must_use]
    pub fn owing_also<'a>(mut self, others: impl IntoIterator<Item = &'a Event>) -> Event {
        let mut receipts = vec![std::mem::take(&mut self.body_mut().receipt)];
        receipts.extend(others.into_iter().map(|other| other.receipt().clone()));
        self.set_receipt(Receipt::merge(receipts));
        self
    }

    /// Calls `visit` with each of those in other processes who will be told how it ends, and the number by which it is
    /// known there.
    pub fn each_heir(&self, visit: &mut dyn FnMut(&dyn Heir, u64)) {
        self.receipt().each_root(&mut |root| {
            if let Some(inheritance) = root.inheritance().filter(|own| own.is_foreign) {
                visit(&*inheritance.heir, root.call());
            }
        });
    }

    /// Returns who in another process waits to be told how it ends, and the number by which it is known there, if this event
    /// is all that is left of what came from there: nothing else of it runs, nothing was held of it or has failed, and nobody here is to
    /// be told of its end. That stays so as long as the event is only looked at.
    pub fn sole_heir(&self) -> Option<(&dyn Heir, u64)> {
        let Receipt::One(root) = self.receipt() else {
            return None;
        };
        let inheritance = root.inheritance().filter(|own| own.is_foreign)?;
        let is_all = self.is_only_copy() && root.is_all_with_one();
        is_all.then(|| (&*inheritance.heir, root.call()))
    }

    /// Ends an event that its [sole heir](Event::sole_heir) goes on with, who is not told of its end for that.
    pub fn leave_to_heir(self) {
        if let Receipt::One(root) = self.receipt() {
            root.leave();
        }
    }

    /// Returns whether a client waits for an answer to what it descends from.
    pub fn is_asked(&self) -> bool {
        self.is_asked_but_for(&mut |_| false)
    }

    /// Returns whether a client waits for an answer to what it descends from, beside those of whose roots this is said who is told of their
    /// end.
    pub fn is_asked_but_for(&self, is_told: &mut dyn FnMut(&dyn Heir) -> bool) -> bool {
        let mut is_asked = false;
        self.receipt().each_root(&mut |root| {
            let mut is_known = || root.inheritance().is_some_and(|own| is_told(&*own.heir));
            is_asked |= root.was_asked() && !is_known();
        });
        is_asked
    }

    /// Returns whether clients wait for the answers to all that it descends from.
    pub fn is_for_clients(&self) -> bool {
        let mut is_for_clients = true;
        let receipt = self.receipt();
        receipt.each_root(&mut |root| is_for_clients &= root.was_asked());
        is_for_clients && receipt.is_some()
    }

    /// Ends the event as one that came to a bad end somewhere else, where its failure was seen to.
    pub fn fail_elsewhere(self, failure: &Failure) {
        self.receipt().fail(failure);
    }
}
