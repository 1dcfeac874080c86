//! What one process takes in of what another tells.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{ANSWERS, Event, Foreign, Intake};
use tokio::time::Instant;

use crate::calls::Call;
use crate::exchange::Exchange;
use crate::home::Home;
use crate::inherited::{self, Inherited};
use crate::peer::Peer;
use crate::wire::{Carried, Origin, Origins, Record};

/// No deadline is further off.
const A_YEAR: u64 = 365 * 24 * 3600 * 1000;

/// Takes in the records of one batch.
pub(crate) struct Hearing<'a> {
    exchange: &'a Arc<Exchange>,
    peer: &'a Arc<Peer>,
    intake: &'a Intake,
    /// Who hears of the last event's end, and most often of the next one's too.
    heir: Option<Arc<Inherited>>,
}

impl Hearing<'_> {
    pub(crate) fn new<'a>(
        exchange: &'a Arc<Exchange>,
        peer: &'a Arc<Peer>,
        intake: &'a Intake,
    ) -> Hearing<'a> {
        Hearing {
            exchange,
            peer,
            intake,
            heir: None,
        }
    }

    /// Takes all in. What comes of it is handed over together.
    pub(crate) fn all(mut self, records: Vec<Record>) {
        let intake = self.intake;
        intake.together(|| records.into_iter().for_each(|record| self.one(record)));
    }

    fn one(&mut self, record: Record) {
        let peer = self.peer;
        match record {
            Record::Event { inlet, carried } => self.adopt(inlet as usize, carried),
            Record::Answer { call, carried } => {
                if let Some(home) = peer.home(call) {
                    self.answer(home, carried.event);
                }
            }
            Record::Delivered { first, count } => self.end_all(peer.take_calls(first, count)),
            Record::Ended {
                call: number,
                ended,
            } => {
                for call in peer.take_calls(number, 1) {
                    self.exchange.end_badly(number, call, ended.0.clone());
                }
            }
            Record::Rests { first, count } => peer.rest(first, count),
            Record::Runs { first, count } => peer.run(first, count),
            Record::Cancel { call } => peer.cancelled(call),
            Record::Done { process, replica } => {
                self.exchange.note_done(process, replica, Some(peer));
                // Who ends waits for it.
                peer.acknowledge_now();
            }
            Record::Leaving => self.exchange.let_go(peer),
            Record::Parted => {
                peer.note_parted();
                self.exchange.changed.notify_one();
            }
        }
    }

    /// Lets an event in.
    fn adopt(&mut self, inlet: usize, carried: Carried) {
        let call = self.peer.hear();
        let outbox = &self.exchange.outboxes[inlet];
        // The way in is no link of the flow.
        let hops = carried.hops.saturating_sub(1);
        if carried.is_last {
            // One that was given up meanwhile is seen to.
            if let Some(home) = self.leave_home(&carried.origins) {
                let event = home.take_back(carried.event);
                drop(home.left);
                self.intake.take_back(outbox, event, hops);
            }
            return;
        }
        let homes = self.homes(&carried.origins);
        let left = |left: u64| Instant::now() + Duration::from_millis(left.min(A_YEAR));
        let foreign = Foreign {
            event: match homes.split_first() {
                None => carried.event,
                Some((latest, others)) => {
                    let event = latest.take_back(carried.event);
                    event.owing_also(others.iter().map(|home| &home.left))
                }
            },
            root: carried.root,
            hops,
            deadline: carried.deadline.map(left),
            is_asked: carried.is_asked,
            call,
        };
        drop(homes);
        let heir = self.heir(carried.origins);
        if carried.is_asked {
            self.peer.expect_asked(call);
        }
        if let Some(adopted) = self.intake.adopt(outbox, foreign, heir) {
            self.peer.note_asked(call, adopted);
        }
    }

    /// Returns where those stand of which an event came and that left from here, the latest first: what comes home stands there. One that
    /// another of them came of is left out, as that stands for it.
    fn homes(&self, origins: &Origins) -> Vec<Home> {
        let own = |origin: &&Origin| origin.epoch == self.exchange.epoch;
        let mut homes = Vec::new();
        let mut known = HashSet::new();
        let mut left = origins.as_deref().unwrap_or_default().iter().rev();
        while let Some(origin) = left.find(own) {
            if known.insert((origin.session, origin.call))
                && let Some(home) = self.home(origin)
            {
                let before = inherited::origins(&home.left);
                let before = before.as_deref().unwrap_or_default().iter().filter(own);
                known.extend(before.map(|origin| (origin.session, origin.call)));
                homes.push(home);
            }
        }
        homes
    }

    /// Returns where that stands which left from here, if it has not ended.
    fn home(&self, origin: &Origin) -> Option<Home> {
        // Most often it comes from where it was sent to.
        if self.peer.pair() == origin.session {
            return self.peer.home(origin.call);
        }
        let peers = self.exchange.all_peers();
        let of_session = |peer: &&Arc<Peer>| peer.pair() == origin.session;
        peers.iter().find(of_session)?.home(origin.call)
    }

    /// Takes the call out that an event is all that is left of.
    fn leave_home(&self, origins: &Origins) -> Option<Home> {
        let last = self.exchange.call_back(self.peer, origins)?;
        let call = self.peer.take_calls(last, 1).pop()?;
        Some(call.into_home())
    }

    fn heir(&mut self, before: Origins) -> Arc<Inherited> {
        if let Some(heir) = &self.heir
            && heir.before == before
        {
            return heir.clone();
        }
        let peer = self.peer.clone();
        self.heir
            .insert(Arc::new(Inherited { peer, before }))
            .clone()
    }

    fn answer(&self, home: Home, answer: Event) {
        let Some(ctx) = self.exchange.ctx(home.inlet) else {
            return;
        };
        let answer = home.take_back(answer);
        drop(home.left);
        // An exceeded cap takes the error path of what stands here for the actor.
        let _ = ctx.send_to(ANSWERS, answer);
    }

    /// Ends calls of which all was delivered, those to one inlet together.
    fn end_all(&self, mut calls: Vec<Call>) {
        while let Some(inlet) = calls.last().map(|call| call.inlet) {
            let others = calls.iter().rposition(|call| call.inlet != inlet);
            let own = calls.split_off(others.map_or(0, |last| last + 1));
            self.exchange.end_at(inlet, || drop(own));
        }
    }
}
