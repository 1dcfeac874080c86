//! The counters of a running flow.

use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use crate::breaker::BreakerState;
use crate::flow::Flow;
use crate::station::Station;
use crate::supervision::ActorState;

/// The counters of a flow at one moment.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Snapshot {
    /// The flow's name.
    pub flow: String,
    /// Roots that were admitted: by sources, and by best-effort links.
    pub admitted: u64,
    /// Roots that settled delivered.
    pub delivered: u64,
    /// Roots that settled kept in the dead letters.
    pub kept: u64,
    /// Roots that settled failed.
    pub failed: u64,
    /// Roots of best-effort links whose event gave way to a newer one.
    pub dropped: u64,
    /// Roots that have not settled.
    pub open: u64,
    /// Permits that are out.
    pub permits: u64,
    /// Bytes that the permits hold.
    pub bytes: u64,
    /// The actors, in the order of their registration.
    pub actors: Vec<ActorSnapshot>,
}

/// The counters of one actor.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ActorSnapshot {
    /// The actor's name.
    pub name: String,
    /// Whether the actor works: of a pool, whether an instance does.
    pub state: ActorState,
    /// Times that the actor was made anew after a panic.
    pub restarts: u64,
    /// Events taken from the inboxes; those that are tried again count again.
    pub consumed: u64,
    /// Events that went the error path.
    pub failed: u64,
    /// Times that an event was to be tried again.
    pub retried: u64,
    /// Events that ended here; at `reply` those of no request.
    pub ended: u64,
    /// Events that were not consumed, or not made of the one consumed, since their client had gone, or their
    /// deadline or that of the flow's stop had passed.
    pub skipped: u64,
    /// Held events that took the error path, since their time was over.
    pub expired: u64,
    /// Events that ended here with an error that nobody saw to, and that no dead letters kept.
    pub lost: u64,
    /// What a source dropped before it was an event, since there was no room for it and it could not wait.
    pub dropped: u64,
    /// Events that the actor holds.
    pub held: u64,
    /// Bytes of the events that the actor holds.
    pub held_bytes: u64,
    /// What the actor's breaker does now, if it has one.
    pub breaker: Option<BreakerState>,
    /// Events waiting in the inboxes.
    pub waiting: u64,
    /// Whether what reaches the actor answers requests: a door, or `reply`.
    pub answers: bool,
    /// The instances, if the actor has a pool.
    pub pool: Option<PoolSnapshot>,
    /// Requests answered here, if the actor is a door or `reply`.
    pub answered: u64,
    /// Second answers to a request, dropped.
    pub late: u64,
    /// Answers that no request of this door waits for, dropped.
    pub strays: u64,
    /// The links from the actor's outboxes.
    pub links: Vec<LinkSnapshot>,
}

/// The instances of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PoolSnapshot {
    /// How many there are.
    pub size: usize,
    /// How many have an event in hand, or are made anew.
    pub busy: usize,
    /// How many have panicked too often.
    pub failed: usize,
}

/// The counters of one link.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LinkSnapshot {
    /// The outbox; the kind or `error` for an error link.
    pub outbox: String,
    /// The actor that the link leads to.
    pub to: String,
    /// Whether it carries failed events.
    pub error: bool,
    /// Events that have passed.
    pub passed: u64,
    /// Events that could not be handed over, since the actor had ended; they failed.
    pub refused: u64,
    /// Events that a best-effort link dropped for want of room; none for other links, which never drop.
    pub dropped: Option<u64>,
}

impl Snapshot {
    /// Says what does not add up, if anything. While a flow runs, counters are read one after the other and
    /// may differ; after it has stopped cleanly nothing does.
    ///
    /// * All that was admitted is `delivered`, `kept`, `failed`, `dropped` or `open`.
    /// * What passed the links to an actor was `consumed` or is `waiting`; what is tried again is consumed
    ///   once more. Doors and `reply` do not consume: what reaches them is `answered`, `late`, among the `strays`,
    ///   or `ended`, once for each root that it answers for.
    /// * When nothing is open, all permits and bytes are back.
    pub fn imbalance(&self) -> Option<String> {
        let settled = self.delivered + self.kept + self.failed + self.dropped;
        if self.admitted != settled + self.open {
            return Some(format!(
                "{} were admitted, but {settled} settled and {} are open",
                self.admitted, self.open
            ));
        }
        if self.open == 0 && (self.permits, self.bytes) != (0, 0) {
            return Some(format!(
                "nothing is open, but {} permits and {} bytes are out",
                self.permits, self.bytes
            ));
        }
        self.actors
            .iter()
            .find_map(|actor| self.imbalance_of(actor))
    }

    fn imbalance_of(&self, actor: &ActorSnapshot) -> Option<String> {
        let links = self.actors.iter().flat_map(|actor| &actor.links);
        let passed: u64 = links
            .filter(|link| link.to == actor.name)
            .map(|link| link.passed)
            .sum();
        if actor.answers {
            // One that answers for several roots counts once for each.
            let seen = actor.answered + actor.late + actor.strays + actor.ended;
            let name = &actor.name;
            return (seen < passed)
                .then(|| format!("{passed} events passed to `{name}`, which saw {seen}"));
        }
        let seen = actor.consumed + actor.waiting;
        (seen != passed + actor.retried).then(|| {
            format!(
                "{passed} events passed to `{}`, which saw {seen} and was to try {} again",
                actor.name, actor.retried
            )
        })
    }
}

impl Flow {
    /// Returns the counters. They are read one after the other while the flow goes on, so they add up
    /// exactly only when nothing is running.
    pub fn snapshot(&self) -> Snapshot {
        let settled = &self.state().settled;
        let in_use: Vec<(i64, i64)> = self.gates().iter().map(|gate| gate.in_use()).collect();
        Snapshot {
            flow: self.name().to_owned(),
            admitted: self.state().admitted(),
            delivered: settled.delivered.load(Relaxed),
            kept: settled.kept.load(Relaxed),
            failed: settled.failed.load(Relaxed),
            dropped: settled.dropped.load(Relaxed),
            open: self.state().open_roots(),
            permits: in_use.iter().map(|(roots, _)| (*roots).max(0) as u64).sum(),
            bytes: in_use.iter().map(|(_, bytes)| (*bytes).max(0) as u64).sum(),
            actors: self
                .stations()
                .iter()
                .map(|station| self.actor(station))
                .collect(),
        }
    }

    fn actor(&self, station: &Station) -> ActorSnapshot {
        let mut actor = ActorSnapshot {
            name: station.name.to_string(),
            state: station.state(),
            breaker: station.breaker.as_ref().map(|breaker| breaker.state()),
            ..ActorSnapshot::default()
        };
        actor.add(station);
        self.add_pool(&station.name, &mut actor);
        for (_, answers) in self
            .answers()
            .iter()
            .filter(|(name, _)| *name == station.name)
        {
            actor.answers = true;
            actor.answered += answers.answered.load(Relaxed);
            actor.late += answers.late.load(Relaxed);
            actor.strays += answers.strays.load(Relaxed);
            actor.ended += answers.ended.load(Relaxed);
        }
        let link = |link: &crate::link::Link| LinkSnapshot {
            outbox: link.outbox.to_string(),
            to: link.to.to_string(),
            error: link.is_error(),
            passed: link.passed(),
            refused: link.refused(),
            dropped: link.dropped(),
        };
        actor.links = station.outboxes().links.iter().map(link).collect();
        actor
    }

    /// Adds what the instances of the actor's pool have counted, if it has one.
    fn add_pool(&self, name: &str, actor: &mut ActorSnapshot) {
        let mut states = Vec::new();
        for station in self.tasks().iter().filter(|task| &*task.name == name) {
            let Some(seat) = &station.seat else {
                continue;
            };
            if actor.pool.is_none() {
                let (size, busy, failed, waiting) = seat.crew.count();
                actor.pool = Some(PoolSnapshot { size, busy, failed });
                actor.waiting += waiting as u64;
            }
            actor.add(station);
            states.push(station.state());
        }
        actor.state = states.into_iter().min().unwrap_or(actor.state);
    }
}

impl ActorSnapshot {
    fn add(&mut self, station: &Station) {
        let counters = &station.counters;
        let (held, held_bytes) = station.lot.size();
        self.restarts += station.restarts();
        self.consumed += counters.consumed.load(Relaxed);
        self.failed += counters.failed.load(Relaxed);
        self.retried += counters.retried();
        self.ended += counters.ended.load(Relaxed);
        self.skipped += counters.skipped.load(Relaxed);
        self.expired += counters.expired.load(Relaxed);
        self.lost += counters.lost.load(Relaxed);
        self.dropped += counters.dropped.load(Relaxed);
        self.held += held as u64;
        self.held_bytes += held_bytes as u64;
        self.waiting += station.inbox.depth() as u64;
    }
}
