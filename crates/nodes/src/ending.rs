//! When one process of several may end.
//!
//! It may when no process has anything under way that began there: then nothing is under way anywhere. Each says so when
//! that is so of itself, and passes on what others say. A process that stops while others go on says that it would like
//! to leave; they send it nothing more, and it goes when all that it had taken in is done.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use compysition_core::{Context, Error};
use tokio::time::{Instant, sleep, timeout};

use crate::absent::Absent;
use crate::exchange::Exchange;
use crate::outgoing::Queued;
use crate::peer::Peer;
use crate::replicas::Replicas;
use crate::wire::Record;

/// How long a process waits for a signal that others have had, before it takes them to stop alone.
pub(crate) const SAME_SIGNAL: Duration = Duration::from_secs(1);

/// How often a process that stops says what it waits for.
const REPORT: Duration = Duration::from_secs(3);

/// How often is looked for processes that are not there, before this one stops.
const ABSENT_FOR: Duration = Duration::from_secs(5);

/// The replica of a process that never was, or has gone.
const ABSENT: &str = "";

impl Exchange {
    /// Waits until nothing can come from other processes any more.
    pub(crate) async fn until_all_are_done(self: Arc<Self>, ctx: Context) {
        let Some(intake) = self.intake() else {
            return;
        };
        let own_are_done = intake.until_own_are_done();
        let mut own_are_done = std::pin::pin!(own_are_done);
        let mut stopping = std::pin::pin!(ctx.stopping());
        let (mut is_done, mut is_stopping) = (false, false);
        let mut patience = std::pin::pin!(sleep(Duration::MAX));
        let mut report = std::pin::pin!(sleep(Duration::MAX));
        let mut look = std::pin::pin!(sleep(ABSENT_FOR));
        let mut absent = Absent::default();
        loop {
            tokio::select! {
                () = &mut patience, if is_stopping => {
                    self.fail_waiting();
                    patience.as_mut().reset(Instant::now() + self.patience.lost_after);
                }
                () = &mut report, if is_stopping => {
                    let awaited = self.awaited(is_done, intake.open());
                    tracing::info!(flow = %self.flow, "the stop waits for {}", awaited.join("; "));
                    report.as_mut().reset(Instant::now() + REPORT);
                }
                () = &mut look, if !is_stopping => {
                    absent.tell(&self);
                    look.as_mut().reset(Instant::now() + ABSENT_FOR);
                }
                () = &mut own_are_done, if !is_done => {
                    is_done = true;
                    self.note_done(self.process.to_string(), self.replica.to_string(), None);
                }
                () = &mut stopping, if !is_stopping => {
                    is_stopping = true;
                    patience.as_mut().reset(Instant::now() + self.patience.lost_after);
                    report.as_mut().reset(Instant::now() + REPORT);
                    self.begin_to_stop();
                }
                () = self.changed.notified() => {}
            }
            if is_stopping {
                self.note_absent();
            }
            if is_done && self.are_all_done(intake.open()) {
                return;
            }
        }
    }

    /// Says on all lines that this process has ended, and lets nothing in any more.
    pub(crate) async fn say_goodbye(&self) {
        self.is_closing.store(true, SeqCst);
        let said = async {
            loop {
                let changed = self.changed.notified();
                let peers = self.all_peers();
                let open: Vec<_> = peers.iter().filter(|peer| peer.has_line()).collect();
                if open.is_empty() {
                    return;
                }
                open.iter().for_each(|peer| peer.wake.notify_one());
                changed.await;
            }
        };
        // Who cannot be told finds it out.
        let _ = timeout(self.patience.silence(), said).await;
        self.close();
    }

    fn begin_to_stop(&self) {
        self.is_stopping.store(true, SeqCst);
        for peer in self.all_peers() {
            peer.queue(Queued::Tell(Record::Leaving));
        }
    }

    /// Notes that a replica of a process has nothing of its own under way any more, and tells the others.
    pub(crate) fn note_done(&self, process: String, replica: String, from: Option<&Arc<Peer>>) {
        let is_new = self.done.lock().insert((process.clone(), replica.clone()));
        if !is_new {
            return;
        }
        let knows = |peer: &Arc<Peer>| from.is_some_and(|from| Arc::ptr_eq(from, peer));
        for peer in self.all_peers().iter().filter(|peer| !knows(peer)) {
            let (process, replica) = (process.clone(), replica.clone());
            peer.queue(Queued::Tell(Record::Done { process, replica }));
        }
        self.changed.notify_one();
    }

    /// Fails what waits for processes that have not come, nor will in time.
    fn fail_waiting(&self) {
        for (process, replicas) in &self.others {
            for call in replicas.give_up() {
                let message = format!("process `{process}` is not there, and the flow is stopping");
                let error = Error::unavailable(message);
                let error = match call.event().is_for_clients() {
                    true => error,
                    // It has not been done, and may be made again.
                    false => error.cut_short(),
                };
                self.fail(call, error);
            }
        }
    }

    fn note_absent(&self) {
        for (process, replicas) in &self.others {
            if replicas.peers().is_empty() {
                self.note_done(process.to_string(), ABSENT.to_owned(), None);
            }
        }
    }

    /// Returns whether nothing is under way anywhere, or nothing that could come here.
    fn are_all_done(&self, open: u64) -> bool {
        // One that is missed need not be told that this one ends.
        let is_missed = |peer: &Peer| {
            let missed_at = peer.missed_at(self.patience);
            peer.has_all_work() && missed_at.is_some_and(|at| at <= Instant::now())
        };
        let is_told = |peer: &Arc<Peer>| peer.is_told() || is_missed(peer);
        let are_told = || self.all_peers().iter().all(is_told);
        let is_settled = |process: &Arc<str>| {
            let done = self.done.lock();
            let known = self.others.get(process).map(|replicas| replicas.peers());
            let peers = known.unwrap_or_default();
            let ended = |peer: &Arc<Peer>| {
                let name = (process.to_string(), peer.replica.to_string());
                done.contains(&name) || peer.has_parted()
            };
            match peers.is_empty() {
                true => {
                    let count = self.others.get(process).map_or(1, Replicas::count);
                    let own = done.iter().filter(|(known, _)| **known == **process);
                    let is_absent = done.contains(&(process.to_string(), ABSENT.to_owned()));
                    is_absent || own.count() >= count
                }
                false => peers.iter().all(ended),
            }
        };
        self.processes.iter().all(is_settled) && open == 0 && are_told()
    }

    /// Sends a process nothing more that would like to leave, unless this one is about to stop as well.
    pub(crate) fn let_go(self: &Arc<Self>, peer: &Arc<Peer>) {
        let (exchange, peer) = (self.clone(), peer.clone());
        let Some(spawner) = self.spawner() else {
            return;
        };
        spawner.spawn(async move {
            tokio::time::sleep(SAME_SIGNAL).await;
            if exchange.is_stopping.load(SeqCst) {
                return;
            }
            if let Some(replicas) = exchange.others.get(&peer.process) {
                replicas.remove(&peer);
            }
            let unsent = peer.leave();
            peer.queue(Queued::Tell(Record::Parted));
            exchange.again(unsent);
        });
    }
}
