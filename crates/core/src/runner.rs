//! The task of an actor.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::Instant;

use crate::actor::Tick;
use crate::context::Context;
use crate::inbox::{Chunk, Signals};
use crate::stage::{Stage, report};
use crate::station::Station;
use crate::supervision::{ActorState, OnFailed, Supervisor};
use crate::{Error, Event};

/// How many chunks an actor is given at a stretch, if that takes no longer than [`SHORT`].
const TURN: usize = 8;

/// How long a turn may be, but for the last of its chunks.
const SHORT: Duration = Duration::from_micros(200);

/// Takes what waits in the inbox, chunk by chunk, until the flow ends.
pub(crate) async fn run(stage: Box<dyn Stage>, station: Arc<Station>, supervisor: Supervisor) {
    Runner {
        ctx: Context::new(station.clone()),
        station,
        work: Work::Actor(stage),
        supervisor,
    }
    .run()
    .await;
}

struct Runner {
    station: Arc<Station>,
    ctx: Context,
    work: Work,
    supervisor: Supervisor,
}

/// What a runner has done at a stretch.
struct Turn {
    events: usize,
    rounds: usize,
    /// Whether others had their turn before what is due now.
    gave_way: bool,
    began: Instant,
    most: usize,
}

impl Turn {
    fn new(station: &Station) -> Turn {
        Turn {
            events: 0,
            rounds: 0,
            gave_way: false,
            began: Instant::now(),
            most: station.flow.chunk * TURN,
        }
    }

    /// Returns whether others are to have their turn, once, before what the actor wants to do now: when little has come, they may be
    /// about to send more, to be dealt with together.
    fn gives_way(&self, station: &Station) -> bool {
        !self.gave_way && self.events < station.flow.chunk && station.alarm.is_due()
    }

    /// Gives others their turn if this one was long enough, while the events are still in the processor's cache.
    async fn yield_if_over(&mut self) {
        let is_over = self.events >= self.most || self.rounds >= TURN;
        if is_over || self.began.elapsed() >= SHORT {
            self.give_way().await;
        }
    }

    async fn give_way(&mut self) {
        tokio::task::yield_now().await;
        (self.events, self.rounds, self.began) = (0, 0, Instant::now());
        self.gave_way = true;
    }
}

/// What becomes of events.
enum Work {
    Actor(Box<dyn Stage>),
    /// The actor has panicked too often; they take its error path.
    Failed(Error),
}

impl Runner {
    async fn run(mut self) {
        let station = self.station.clone();
        let mut chunks = VecDeque::new();
        let mut spares = Vec::new();
        let mut turn = Turn::new(&station);
        loop {
            let (signals, waited) = next(&station, &mut chunks, &mut spares).await;
            if chunks.is_empty() && signals.alarm && signals.is_calm() && !station.alarm.is_due() {
                // What it was set for is done, or not due yet.
                continue;
            }
            match waited {
                true => turn = Turn::new(&station),
                // A runner that always finds something must not keep its thread from the others.
                false => turn.yield_if_over().await,
            }
            // Counted whatever it was: there may be no events, and a clock that stands still.
            turn.rounds += 1;
            if let Some(seat) = &station.seat
                && chunks.is_empty()
                && !seat.leave()
            {
                // An event is on its way here, and comes first.
                station.inbox.signal(|later| later.add(signals));
                continue;
            }
            while let Some(mut chunk) = chunks.pop_front() {
                turn.events += chunk.events.len();
                self.consume(&mut chunk).await;
                match chunk.events.is_empty() {
                    true => spares.push(chunk.events),
                    // What was left when the actor panicked comes first.
                    false => chunks.push_front(chunk),
                }
                if !chunks.is_empty() {
                    turn.yield_if_over().await;
                }
            }
            if signals.stopping {
                self.tick(Tick::Stopping).await;
            }
            if signals.pressure {
                self.tick(Tick::Pressure).await;
            }
            if signals.is_calm() && turn.gives_way(&station) {
                turn.give_way().await;
                station.inbox.signal(|later| later.alarm = true);
            } else if station.alarm.take_due() {
                turn.gave_way = false;
                self.tick(Tick::Timer).await;
            }
            if let Some(seat) = &station.seat {
                seat.come_back();
            }
            if signals.end {
                break;
            }
        }
        if let Work::Actor(stage) = &mut self.work {
            report(&station, stage.stop(&self.ctx).await);
            self.ctx.close();
        }
        station.inbox.set_busy(false);
    }

    async fn consume(&mut self, chunk: &mut Chunk) {
        let consumed = &self.station.counters.consumed;
        consumed.fetch_add(chunk.events.len() as u64, Relaxed);
        self.ctx.inbox = chunk.inbox;
        self.ctx.duty = self.station.seat.as_ref().map(|seat| Arc::new(seat.duty()));
        let panic = match &mut self.work {
            Work::Actor(stage) => {
                self.ctx.open();
                let done = stage.chunk(chunk, &mut self.ctx).await;
                self.ctx.close();
                done.err()
            }
            Work::Failed(error) => {
                let inbox = Some(chunk.inbox);
                let fail = |event| self.station.route_error_of(inbox, event, error.clone());
                chunk.events.drain(..).for_each(fail);
                None
            }
        };
        consumed.fetch_sub(chunk.events.len() as u64, Relaxed);
        self.ctx.duty = None;
        if let Some(panic) = panic {
            self.restart(panic).await;
        }
    }

    async fn tick(&mut self, why: Tick) {
        let Work::Actor(stage) = &mut self.work else {
            return;
        };
        self.ctx.open();
        report(&self.station, stage.tick(why, &self.ctx).await);
        self.ctx.close();
        if let Some(panic) = self.ctx.take_panic() {
            self.restart(panic).await;
        }
    }

    /// Makes the actor anew, or gives it up.
    async fn restart(&mut self, cause: Error) {
        let nobody = Work::Failed(cause.clone());
        let Work::Actor(stage) = std::mem::replace(&mut self.work, nobody) else {
            return;
        };
        match self.supervisor.restart(stage, &mut self.ctx, &cause).await {
            Ok(stage) => self.work = Work::Actor(stage),
            Err(error) => self.give_up(error),
        }
    }

    fn give_up(&mut self, error: Error) {
        let station = &self.station;
        station.set_state(ActorState::Failed);
        station.end_producers();
        let others = station.seat.as_ref().map_or(0, |seat| seat.retire());
        tracing::error!(flow = %station.flow.name, actor = %station.name, others, "{error}");
        if others == 0 && station.flow.supervision.on_failed == OnFailed::StopFlow {
            station.flow.fail(error.clone());
        }
        self.work = Work::Failed(error);
    }
}

/// Waits for events, a signal, or the time that the actor asked for.
async fn next(
    station: &Station,
    chunks: &mut VecDeque<Chunk>,
    spares: &mut Vec<Vec<Event>>,
) -> (Signals, bool) {
    let at_rest = || station.rest.notify_waiters();
    let taken = station.inbox.take(chunks, spares, at_rest);
    match station.alarm.time() {
        None => taken.await,
        Some(time) => {
            let is_late = time <= Instant::now();
            tokio::select! {
                biased;
                taken = taken => taken,
                () = tokio::time::sleep_until(time) => {
                    station.inbox.set_busy(true);
                    (Signals::default(), !is_late)
                }
            }
        }
    }
}
