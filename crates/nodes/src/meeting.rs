//! How two processes come to know each other, and how one gives the other up.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use compysition_core::Error;
use parking_lot::MutexGuard;
use tokio::time::{Instant, sleep_until};

use crate::exchange::Exchange;
use crate::outgoing::Queued;
use crate::peer::Peer;
use crate::wire::{Hello, Record};

impl Exchange {
    pub(crate) fn hello(&self, session: u64, peer: Option<&Peer>) -> Hello {
        Hello {
            flow: self.flow.clone(),
            fingerprint: self.fingerprint,
            process: self.process.to_string(),
            replica: self.replica.to_string(),
            epoch: self.epoch,
            session,
            peer: peer.map_or(0, |peer| peer.their_session),
            received: peer.map_or(0, Peer::received),
        }
    }

    /// Says why a process cannot be one of this flow's.
    pub(crate) fn objection(&self, hello: &Hello) -> Option<String> {
        let (own, process) = (&self.flow, &hello.process);
        if hello.flow != *own {
            return Some(format!("this is flow `{own}`, not `{}`", hello.flow));
        }
        if hello.fingerprint != self.fingerprint {
            return Some(format!(
                "the flow `{own}` of process `{process}` has other actors, links or places than that of `{}`: run both \
                 from the same file",
                self.process
            ));
        }
        if !self.others.contains_key(process.as_str()) {
            return Some(format!(
                "no link leads from process `{}` to `{process}`",
                self.process
            ));
        }
        None
    }

    /// Says that another process is connected in the place that one asks for, and is heard of. Waits until that is known: one that was killed
    /// is not heard of any more.
    pub(crate) async fn taken(&self, hello: &Hello) -> Option<String> {
        let asked = Instant::now();
        loop {
            let (holder, missed_at) = self.holder(hello)?;
            if holder.was_heard_after(asked) {
                let (process, replica) = (&hello.process, &hello.replica);
                return Some(format!(
                    "replica {replica} of `{process}` is connected already; start this one with another `--replica`, or when that one has gone"
                ));
            }
            sleep_until(missed_at).await;
        }
    }

    /// Returns who has the place that a process asks for, and when it is missed there unless it is heard of.
    fn holder(&self, hello: &Hello) -> Option<(Arc<Peer>, Instant)> {
        let now = Instant::now();
        let peers = self.others.get(hello.process.as_str())?.peers();
        let is_other =
            |peer: &Arc<Peer>| *peer.replica == *hello.replica && peer.epoch != hello.epoch;
        let mut others = peers.into_iter().filter(is_other);
        others.find_map(|peer| {
            let missed_at = peer.missed_at(self.patience)?;
            (missed_at > now).then_some((peer, missed_at))
        })
    }

    /// Meets a process that calls, if its place is free.
    pub(crate) fn let_in(self: &Arc<Self>, hello: &Hello, own: u64) -> Option<(Arc<Peer>, u64)> {
        let meeting = self.meeting.lock();
        match self.holder(hello) {
            Some(_) => None,
            None => self.meet_in_turn(&meeting, hello, own),
        }
    }

    /// Returns the process that says hello, and how many frames it has had: as it is known, or anew if either side does not
    /// know what the other one calls their session. `own` is what this side would call a new one.
    pub(crate) fn meet(self: &Arc<Self>, hello: &Hello, own: u64) -> Option<(Arc<Peer>, u64)> {
        self.meet_in_turn(&self.meeting.lock(), hello, own)
    }

    fn meet_in_turn(
        self: &Arc<Self>,
        _: &MutexGuard<'_, ()>,
        hello: &Hello,
        own: u64,
    ) -> Option<(Arc<Peer>, u64)> {
        let replicas = self.others.get(hello.process.as_str())?;
        let known = self.peers.lock().get(&hello.epoch).cloned();
        if let Some(known) = known {
            let is_same = known.their_session == hello.session;
            match hello.peer {
                // It had not heard of this side before, as when a welcome was lost.
                0 if is_same => return Some((known, 0)),
                theirs if is_same && theirs == known.session => {
                    return Some((known, hello.received));
                }
                _ => self.lose(&known, "it has begun anew"),
            }
        }
        let is_same = |peer: &&Arc<Peer>| *peer.replica == *hello.replica;
        if let Some(before) = replicas.peers().iter().find(is_same) {
            self.lose(before, "it was started again");
        }
        // Under its name it may have ended before.
        self.done
            .lock()
            .retain(|(process, replica)| *process != hello.process || *replica != hello.replica);
        let largest = self.largest;
        let peer = Peer::new(hello, own, self.changed.clone(), largest);
        let peer = Arc::new(peer);
        self.peers.lock().insert(hello.epoch, peer.clone());
        for (process, replica) in self.done.lock().iter().cloned() {
            peer.queue(Queued::Tell(Record::Done { process, replica }));
        }
        if self.is_stopping.load(SeqCst) {
            peer.queue(Queued::Tell(Record::Leaving));
        }
        let waited = replicas.add(peer.clone());
        self.again(waited);
        tracing::info!(flow = %self.flow, process = %hello.process, replica = %hello.replica, "connected");
        Some((peer, 0))
    }

    /// Gives up a process of which nothing was heard: what it had begun has failed, the rest goes elsewhere.
    pub(crate) fn lose(self: &Arc<Self>, peer: &Arc<Peer>, why: &str) {
        if let Some(replicas) = self.others.get(&peer.process) {
            replicas.remove(peer);
        }
        // Under its epoch there may be a session by now that was begun anew.
        let is_known = {
            let mut peers = self.peers.lock();
            let is_known = peers
                .get(&peer.epoch)
                .is_some_and(|known| Arc::ptr_eq(known, peer));
            if is_known {
                peers.remove(&peer.epoch);
            }
            is_known
        };
        if !is_known {
            return;
        }
        let (unsent, sent) = peer.give_up();
        let (process, replica, failed) = (&peer.process, &peer.replica, sent.len());
        match failed {
            0 => tracing::info!(flow = %self.flow, %process, %replica, "gone: {why}"),
            _ => tracing::warn!(flow = %self.flow, %process, %replica, failed, "lost: {why}"),
        }
        for call in sent {
            let error = Error::unavailable(format!(
                "process `{process}` is lost ({why}) and was at work on this; it may have done it"
            ));
            self.fail(call, error);
        }
        self.again(unsent);
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::replicas::Replicas;
    use crate::wire::{Carried, Origin};

    fn exchange() -> Arc<Exchange> {
        let others = BTreeMap::from([(Arc::from("work"), Replicas::new(1, None))]);
        let (who, flow) = (("front", "1"), ("shop", 7));
        let processes = vec![Arc::from("work")];
        Arc::new(Exchange::new(
            who,
            flow,
            Vec::new(),
            (others, processes),
            Default::default(),
            100,
        ))
    }

    fn hello(epoch: u64, session: u64, peer: u64) -> Hello {
        Hello {
            flow: "shop".to_owned(),
            fingerprint: 7,
            process: "work".to_owned(),
            replica: "1".to_owned(),
            epoch,
            session,
            peer,
            received: 0,
        }
    }

    fn known(exchange: &Exchange) -> Vec<u64> {
        exchange
            .all_peers()
            .iter()
            .map(|peer| peer.session)
            .collect()
    }

    #[test]
    fn a_session_goes_on_if_both_sides_know_it() {
        let exchange = exchange();
        let (first, _) = exchange.meet(&hello(1, 11, 0), 21).unwrap();
        // Its welcome was lost, or the line broke later.
        for peer in [0, 21] {
            let (again, _) = exchange.meet(&hello(1, 11, peer), 22).unwrap();
            assert!(Arc::ptr_eq(&first, &again));
        }
        assert_eq!(known(&exchange), [21]);
    }

    #[test]
    fn a_session_that_one_side_has_given_up_is_begun_anew_and_the_old_one_cannot_end_it() {
        let exchange = exchange();
        let (old, _) = exchange.meet(&hello(1, 11, 0), 21).unwrap();
        // The other side has forgotten, or speaks of what this one has forgotten.
        let (new, received) = exchange.meet(&hello(1, 12, 0), 22).unwrap();
        assert!(!Arc::ptr_eq(&old, &new));
        assert_eq!((known(&exchange), received), (vec![22], 0));
        assert!(old.is_over());
        exchange.lose(&old, "its time is up");
        assert_eq!(known(&exchange), [22]);
        assert!(!new.is_over());
        let (newer, _) = exchange.meet(&hello(1, 12, 77), 23).unwrap();
        assert!(new.is_over() && !newer.is_over());
        assert_ne!(new.pair(), newer.pair());
    }

    #[test]
    fn another_run_takes_the_place_of_the_one_before() {
        let exchange = exchange();
        let (old, _) = exchange.meet(&hello(1, 11, 0), 21).unwrap();
        exchange.note_done("work".to_owned(), "1".to_owned(), Some(&old));
        let (new, _) = exchange.meet(&hello(2, 12, 0), 22).unwrap();
        assert!(old.is_over() && !new.is_over());
        assert!(exchange.done.lock().is_empty(), "the new run is not done");
    }

    #[test]
    fn an_event_can_only_take_the_place_of_a_call_to_the_process_that_sends_it() {
        let exchange = exchange();
        let (peer, _) = exchange.meet(&hello(1, 11, 0), 21).unwrap();
        let refusal = |epoch: u64, session: u64| {
            let (inlet, call) = (0, 5);
            let origin = Origin {
                epoch,
                session,
                call,
            };
            let carried = Carried {
                is_last: true,
                origins: Some([origin].into()),
                ..Carried::default()
            };
            let refusal = exchange.refusal(&peer, &[Record::Event { inlet, carried }]);
            refusal.unwrap_or_default().contains("take the place")
        };
        assert!(!refusal(exchange.epoch, 11 ^ 21));
        assert!(refusal(exchange.epoch, 11 ^ 22));
        assert!(refusal(exchange.epoch + 1, 11 ^ 21));
    }

    #[test]
    fn of_two_that_are_let_in_at_once_the_second_finds_the_place_taken() {
        let exchange = exchange();
        let (first, _) = exchange.let_in(&hello(1, 11, 0), 21).unwrap();
        assert!(exchange.let_in(&hello(2, 12, 0), 22).is_none());
        assert_eq!(known(&exchange), [21]);
        // Its own place nobody takes from it.
        let (again, _) = exchange.let_in(&hello(1, 11, 21), 23).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
    }
}
