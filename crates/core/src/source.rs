//! Where events enter a flow.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::context::Context;
use crate::desk;
use crate::flow_state::FlowState;
use crate::limits::Refusal;
use crate::permits::{Ahead, Gate, Permit, Room};
use crate::root::Root;
use crate::settlement::{Request, Settlement};
use crate::source_group::SourceGroup;
use crate::sync::Counted;
use crate::travel::EVENT_BYTES;
use crate::{Error, Event, Id, Result};

/// Lets events into a flow, each as a new root with a permit of the actor's share.
///
/// What the task that was given it emits is handed over when the task waits; a clone writes through.
pub struct Source {
    ctx: Arc<Context>,
    gate: Arc<Gate>,
    /// How many events are left of the present turn.
    turn: AtomicUsize,
}

/// How many chunks a source emits at a stretch: less than it may have under way by default, so that it does not have to wait until all
/// of that is done. After each chunk would cost more than the processor's cache is good for.
const TURN: usize = 6;

impl Source {
    pub(crate) fn new(ctx: Arc<Context>) -> Result<Source> {
        let gate = ctx.station.gate.clone().ok_or_else(|| {
            let name = &ctx.station.name;
            Error::internal(format!(
                "`{name}` makes events, but its ports do not declare it a source"
            ))
        })?;
        Ok(Source {
            turn: AtomicUsize::new(gate.flow().chunk * TURN),
            ctx,
            gate,
        })
    }

    /// Waits for a permit and sends the event to every outbox. Cancel safe: if it is dropped before it
    /// is done, nothing was sent.
    ///
    /// # Errors
    /// The refusal, if the flow is stopping, the event is too large, or too many wait. An exceeded cap
    /// of the flow takes the error path.
    pub async fn emit(&self, event: impl Into<Event>) -> Result<Settlement, Refusal> {
        self.emit_from(None, event.into(), None).await
    }

    /// Waits for a permit and sends the event to the outbox of this name.
    ///
    /// # Errors
    /// As [`emit`](Source::emit).
    pub async fn emit_to(
        &self,
        outbox: &str,
        event: impl Into<Event>,
    ) -> Result<Settlement, Refusal> {
        self.emit_from(Some(outbox), event.into(), None).await
    }

    /// Emits an event, as a member of a group if there is one.
    pub(crate) async fn emit_from(
        &self,
        outbox: Option<&str>,
        event: Event,
        group: Option<&mut SourceGroup>,
    ) -> Result<Settlement, Refusal> {
        self.take_turns().await;
        let (root, event) = self.enter(event, group).await?;
        send(&self.ctx, outbox, event);
        Ok(Settlement(root))
    }

    /// Lets other actors have their turn after some chunks, while the events are still in the processor's cache.
    async fn take_turns(&self) {
        if !self.spend_turn() {
            tokio::task::yield_now().await;
            self.turn.store(self.gate.flow().chunk * TURN, Relaxed);
        }
    }

    /// Takes an event off the present turn; returns whether there was one left.
    pub(crate) fn spend_turn(&self) -> bool {
        // Not counted exactly, if several emit at the same time: that would cost more than it is good for.
        let left = self.turn.load(Relaxed);
        self.turn.store(left.saturating_sub(1), Relaxed);
        left > 0
    }

    /// Waits for a permit and makes an event a new root, as a member of a group if there is one.
    pub(crate) async fn enter(
        &self,
        event: Event,
        group: Option<&mut SourceGroup>,
    ) -> Result<(Counted<Root>, Event), Refusal> {
        if self.gate.flow().is_stopping() {
            return Err(Refusal::Stopping);
        }
        let cost = event.cost();
        let heir = group.as_ref().and_then(|group| group.heir());
        let (room, id) = match desk::room(&self.ctx.station, &self.gate, cost, heir) {
            Some(room) => room,
            None => {
                let permit = self.gate.admit(cost).await?.of(heir);
                (permit.leave(), new_root(&self.gate))
            }
        };
        let (call, place) = group.map_or((0, None), SourceGroup::one_more);
        let (root, mut event) = enter_as(id, room, call, event, false);
        if let Some(place) = place {
            event.join_group(place);
        }
        Ok((root, event))
    }

    /// Sends the event to every outbox if there is a permit at once, also while the flow is stopping. Returns
    /// whether there was one.
    pub(crate) fn try_emit(&self, event: Event) -> bool {
        let Some(permit) = self.gate.try_take(event.cost()) else {
            return false;
        };
        let (_, event) = enter(permit, event, false);
        send(&self.ctx, None, event);
        true
    }

    /// Waits for a permit and sends the event the error path, as a new root: what a source cannot read, so that
    /// it is seen and settled like everything else.
    ///
    /// # Errors
    /// As [`emit`](Source::emit).
    pub async fn emit_failed(
        &self,
        event: impl Into<Event>,
        error: impl Into<Error>,
    ) -> Result<Settlement, Refusal> {
        self.fail_from(event.into(), error.into(), None).await
    }

    /// Lets an event in that failed, as a member of a group if there is one.
    pub(crate) async fn fail_from(
        &self,
        event: Event,
        error: Error,
        group: Option<&mut SourceGroup>,
    ) -> Result<Settlement, Refusal> {
        let (root, event) = self.enter(event, group).await?;
        self.ctx.station.route_error(event, error);
        Ok(Settlement(root))
    }

    /// Waits for a permit for one event with a payload of at most `bytes`, as a door does before it reads
    /// the body.
    ///
    /// # Errors
    /// The refusal, if the flow is stopping, the event is too large, or too many wait.
    pub async fn admit(&self, bytes: usize) -> Result<Admission, Refusal> {
        let letting_in = LettingIn::new(&self.gate);
        let permit = self.gate.admit(EVENT_BYTES + bytes).await?;
        Ok(self.admission(permit, letting_in))
    }

    /// Waits for a permit for one event that has not come yet, with a payload of at most `bytes`: for what is not to be taken
    /// from where it waits before there is room. Until it comes, nothing is under way for its sake.
    ///
    /// # Errors
    /// As [`admit`](Source::admit).
    pub async fn admit_ahead(&self, bytes: usize) -> Result<Admission, Refusal> {
        let mut admission = self.admit(bytes).await?;
        admission.ahead = Some(self.gate.ahead());
        admission.letting_in = None;
        Ok(admission)
    }

    fn admission(&self, permit: Permit, letting_in: LettingIn) -> Admission {
        Admission {
            ctx: self.ctx.clone(),
            gate: self.gate.clone(),
            ahead: None,
            letting_in: Some(letting_in),
            permit,
        }
    }

    /// Takes a permit for one event with a payload of at most `bytes`, if there is one now: for what cannot wait, as datagrams
    /// cannot. What gets none is to be dropped, and is counted so
    /// ([`ActorSnapshot::dropped`](crate::ActorSnapshot::dropped)).
    pub fn try_admit(&self, bytes: usize) -> Option<Admission> {
        let letting_in = LettingIn::new(&self.gate);
        let Some(permit) = self.gate.admit_now(EVENT_BYTES + bytes) else {
            self.ctx.station.counters.dropped.fetch_add(1, Relaxed);
            return None;
        };
        Some(self.admission(permit, letting_in))
    }

    /// Returns how large a payload may be, in bytes, to be let in at all.
    pub fn largest(&self) -> usize {
        self.gate.share().bytes.saturating_sub(EVENT_BYTES)
    }

    /// Waits until the flow begins to stop.
    pub fn stopping(&self) -> WaitForCancellationFutureOwned {
        self.gate.flow().stopping_token().cancelled_owned()
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Returns the context of the actor whose source this is.
    pub fn context(&self) -> &Context {
        &self.ctx
    }
}

impl Clone for Source {
    fn clone(&self) -> Source {
        Source {
            ctx: Arc::new((*self.ctx).clone()),
            gate: self.gate.clone(),
            turn: AtomicUsize::new(self.turn.load(Relaxed)),
        }
    }
}

/// A permit in hand for one event. Dropped unused, it goes back.
pub struct Admission {
    ctx: Arc<Context>,
    gate: Arc<Gate>,
    /// There as long as what it is for has not come; given up before the permit.
    ahead: Option<Ahead>,
    /// There when it has come, until it has a root.
    letting_in: Option<LettingIn>,
    permit: Permit,
}

impl Admission {
    /// Tells that what it is for has come, where that takes a while to be read.
    pub fn has_come(&mut self) {
        if self.ahead.is_some() {
            self.letting_in = Some(LettingIn::new(&self.gate));
        }
        self.ahead = None;
    }

    /// Sends the event to one outbox, or to every one, as a new root. If it cannot be sent it
    /// takes the error path of the source.
    pub fn emit(self, outbox: Option<&str>, event: Event) -> Settlement {
        Settlement(self.send(outbox, event, false))
    }

    /// Sends the event the error path, as a new root: what a source cannot read.
    pub fn emit_failed(mut self, event: Event, error: impl Into<Error>) -> Settlement {
        self.has_come();
        let (root, event) = enter(self.permit, event, false);
        self.ctx.station.route_error(event, error.into());
        Settlement(root)
    }

    /// Sends the event as a request: the first event of its root that reaches the door answers it.
    pub fn ask(self, outbox: Option<&str>, event: Event) -> Request {
        Request(self.send(outbox, event, true))
    }

    fn send(mut self, outbox: Option<&str>, event: Event, asked: bool) -> Counted<Root> {
        self.has_come();
        let (root, event) = enter(self.permit, event, asked);
        if asked {
            leave_some_time(&self.gate, &root);
        }
        send(&self.ctx, outbox, event);
        root
    }
}

/// Counts an event that is being let in and has no root yet, so that the flow is not taken to have nothing more to do.
struct LettingIn(Arc<FlowState>);

impl LettingIn {
    fn new(gate: &Gate) -> LettingIn {
        gate.flow().letting_in(1);
        LettingIn(gate.flow().clone())
    }
}

impl Drop for LettingIn {
    fn drop(&mut self) {
        self.0.letting_in(-1);
    }
}

/// Makes an event a new root.
fn enter(mut permit: Permit, event: Event, asked: bool) -> (Counted<Root>, Event) {
    permit.shrink_to(event.cost());
    let id = new_root(permit.gate());
    enter_as(id, permit.leave(), 0, event, asked)
}

/// Counts a root as opened, and returns its id.
fn new_root(gate: &Gate) -> Id {
    gate.flow().root_opened();
    gate.flow().new_id(desk::millis())
}

/// Makes an event a new root of this id, which counts as opened. Its heir, if the room has one, knows it by the number `call`.
fn enter_as(
    own: Id,
    room: Room,
    call: u64,
    mut event: Event,
    asked: bool,
) -> (Counted<Root>, Event) {
    let root = Counted::new(Root::new(own, room, call, asked, event.take_origin()));
    event.enter_new(root.clone());
    (root, event)
}

/// Lets the client of a request go some time, where a simulation says so.
fn leave_some_time(gate: &Gate, root: &Counted<Root>) {
    let trouble = gate.flow().trouble.as_ref();
    let Some(after) = trouble.and_then(|trouble| trouble.leaves_after()) else {
        return;
    };
    let root = root.clone();
    gate.flow().spawner.spawn(async move {
        tokio::time::sleep(after).await;
        root.cancel();
    });
}

/// Sends an event that was let in; if that cannot be, it takes the error path.
pub(crate) fn send(ctx: &Context, outbox: Option<&str>, event: Event) {
    let station = &ctx.station;
    let sent = match outbox {
        None => ctx.deliver(event, &station.outboxes().all, "*"),
        Some(name) => match station.outboxes().of(name) {
            Ok(links) => ctx.deliver(event, links, name),
            Err(error) => return station.route_error(event, error),
        },
    };
    if let Err(rejected) = sent {
        station.route_error(rejected.event, rejected.error);
    }
}

/// Runs a source's task: hands over what it emitted whenever it waits.
pub(crate) async fn run_source(ctx: Arc<Context>, task: impl Future<Output = Result>) -> Result {
    ctx.open();
    let result = crate::stage::guard(&ctx, task).await;
    ctx.close();
    result
}
