//! What one process has to do with the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use compysition_core::{Context, Error, Event, Foreign, Inlet, Intake, Spawner};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::calls::Call;
use crate::inherited::Inherited;
use crate::peer::{Peer, Queued};
use crate::remote::Stub;
use crate::replicas::Replicas;
use crate::wire::{Carried, Hello, Record};

/// How long silence may last.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A process that has nothing to say says so this often; 1 s by default.
    pub heartbeat: Duration,
    /// A process that was not heard of for so long is lost: what it was doing has failed; 10 s by default.
    pub lost_after: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            heartbeat: Duration::from_secs(1),
            lost_after: Duration::from_secs(10),
        }
    }
}

/// The side of one process in all that goes between it and others.
pub(crate) struct Exchange {
    pub(crate) flow: String,
    pub(crate) fingerprint: u64,
    pub(crate) process: Arc<str>,
    pub(crate) replica: Arc<str>,
    /// Tells this run from every other.
    pub(crate) epoch: u64,
    pub(crate) patience: Patience,
    inlets: Vec<Inlet>,
    /// All other processes of the flow, whether they are spoken with or not.
    pub(crate) processes: Vec<Arc<str>>,
    /// The outboxes of the intake, by the numbers of the inlets.
    outboxes: Vec<String>,
    pub(crate) others: BTreeMap<Arc<str>, Replicas>,
    /// All that were ever known and are not given up, by their epochs.
    peers: Mutex<HashMap<u64, Arc<Peer>>>,
    intake: Mutex<Option<Arc<Intake>>>,
    spawner: OnceLock<Spawner>,
    /// Which replicas of which processes have nothing of their own any more.
    pub(crate) done: Mutex<BTreeSet<(String, String)>>,
    pub(crate) is_stopping: AtomicBool,
    pub(crate) is_closing: AtomicBool,
    /// Notified when the end may have come.
    pub(crate) changed: Arc<Notify>,
}

impl Exchange {
    pub(crate) fn new(
        who: (&str, &str),
        flow: (&str, u64),
        inlets: Vec<Inlet>,
        (others, processes): (BTreeMap<Arc<str>, Replicas>, Vec<Arc<str>>),
        patience: Patience,
    ) -> Exchange {
        let outboxes = (0..inlets.len()).map(|number| number.to_string()).collect();
        Exchange {
            flow: flow.0.to_owned(),
            fingerprint: flow.1,
            process: who.0.into(),
            replica: who.1.into(),
            epoch: new_epoch(),
            patience,
            inlets,
            processes,
            outboxes,
            others,
            peers: Mutex::default(),
            intake: Mutex::default(),
            spawner: OnceLock::new(),
            done: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            changed: Arc::default(),
        }
    }

    /// Sends an event to another process, where `stub` stands for the actor that takes it.
    pub(crate) fn send(
        self: &Arc<Self>,
        stub: &Arc<Stub>,
        inlet: usize,
        event: Event,
        ctx: &Context,
    ) {
        let mut watch = None;
        let is_asked = event.is_asked();
        let (watched, gone) = match is_asked {
            true => {
                let (watched, gone) = oneshot::channel();
                watch = Some(ctx.cancelled());
                (Some(watched), Some(gone))
            }
            false => (None, None),
        };
        let Some(replicas) = self.others.get(&stub.process) else {
            return;
        };
        let call = Call {
            event,
            stub: stub.clone(),
            inlet,
            _watched: watched,
        };
        let called = replicas.call(call);
        if let (Some(cancelled), Some(gone), Some((peer, call))) = (watch, gone, called) {
            ctx.spawner().spawn(async move {
                tokio::select! {
                    () = cancelled => peer.queue(Queued::Tell(Record::Cancel { call })),
                    _ = gone => {}
                }
            });
        }
    }

    /// Takes in what another process tells.
    pub(crate) fn hear(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        records: Vec<Record>,
    ) -> Result<(), String> {
        let Some(intake) = self.intake() else {
            return Ok(());
        };
        intake.together(|| {
            let mut records = records.into_iter();
            records.try_for_each(|record| self.hear_one(peer, record, &intake))
        })
    }

    fn hear_one(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        record: Record,
        intake: &Intake,
    ) -> Result<(), String> {
        match record {
            Record::Event { inlet, carried } => return self.take_in(peer, inlet, carried, intake),
            Record::Answer { call, carried } => {
                let stub = peer.with_call(call, |call| (call.stub.clone(), call.event.clone()));
                if let Some((stub, asked)) = stub
                    && let Some(ctx) = stub.ctx()
                {
                    let answer = carried.event.owing_as(&asked);
                    drop(asked);
                    // An exceeded cap takes the error path of the stub.
                    let _ = ctx.send_to(compysition_core::ANSWERS, answer);
                }
            }
            Record::Delivered { first, count } => {
                for call in peer.take_calls(first, count) {
                    let stub = call.stub.clone();
                    end_at(&stub, || drop(call));
                }
            }
            Record::Ended { call, ended } => {
                for call in peer.take_calls(call, 1) {
                    let stub = call.stub.clone();
                    end_at(&stub, || call.event.fail_elsewhere(&ended.0));
                }
            }
            Record::Cancel { call } => peer.cancelled(call),
            Record::Done { process, replica } => self.note_done(process, replica, Some(peer)),
            Record::Leaving => self.let_go(peer),
            Record::Parted => {
                peer.note_parted();
                self.changed.notify_one();
            }
        }
        Ok(())
    }

    fn take_in(
        &self,
        peer: &Arc<Peer>,
        inlet: u64,
        carried: Carried,
        intake: &Intake,
    ) -> Result<(), String> {
        let number = usize::try_from(inlet).unwrap_or(usize::MAX);
        let known = self.inlets.get(number);
        if known.is_none_or(|inlet| inlet.process != self.process) {
            return Err(format!("there is no inlet {inlet} here"));
        }
        let call = peer.hear();
        let mut event = carried.event;
        let mut is_asked = carried.is_asked;
        // What comes home stands where that stood of which it came.
        let own = carried.origins.iter().rev();
        let mut own = own.filter(|origin| origin.epoch == self.epoch);
        let home = own.next().and_then(|origin| {
            let to = self.peers.lock().get(&origin.to).cloned();
            to?.waiting(origin.call)
        });
        if let Some(home) = home {
            event = event.owing_as(&home);
            is_asked = false;
        }
        let foreign = Foreign {
            event,
            root: carried.root,
            // The way in is no link of the flow.
            hops: carried.hops.saturating_sub(1),
            deadline: carried
                .deadline
                .map(|left| Instant::now() + Duration::from_millis(left.min(A_YEAR))),
            is_asked,
        };
        let heir = Arc::new(Inherited {
            peer: peer.clone(),
            call,
            before: carried.origins,
        });
        let adopted = intake.adopt(&self.outboxes[number], foreign, heir);
        if is_asked {
            peer.note_asked(call, adopted);
        }
        Ok(())
    }

    pub(crate) fn open(&self, intake: Intake, spawner: Spawner) {
        // Made anew after a panic, the intake has the same.
        let _ = self.spawner.set(spawner);
        *self.intake.lock() = Some(Arc::new(intake));
    }

    pub(crate) fn spawner(&self) -> Option<&Spawner> {
        self.spawner.get()
    }

    pub(crate) fn intake(&self) -> Option<Arc<Intake>> {
        self.intake.lock().clone()
    }

    pub(crate) fn close(&self) {
        let intake = self.intake.lock().take();
        drop(intake);
    }

    pub(crate) fn hello(&self, peer: Option<&Peer>) -> Hello {
        Hello {
            flow: self.flow.clone(),
            fingerprint: self.fingerprint,
            process: self.process.to_string(),
            replica: self.replica.to_string(),
            epoch: self.epoch,
            peer: peer.map_or(0, |peer| peer.epoch),
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

    /// Returns the process that says hello, as it is known or anew.
    pub(crate) fn meet(self: &Arc<Self>, hello: &Hello) -> Option<Arc<Peer>> {
        let replicas = self.others.get(hello.process.as_str())?;
        if let Some(known) = self.peers.lock().get(&hello.epoch) {
            return Some(known.clone());
        }
        let is_same = |peer: &&Arc<Peer>| *peer.replica == *hello.replica;
        // It has been started again.
        if let Some(before) = replicas.peers().iter().find(is_same) {
            self.lose(before, "it was started again");
        }
        let who = (&*hello.process, &*hello.replica, hello.epoch);
        let peer = Arc::new(Peer::new(who, self.epoch, self.changed.clone()));
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
        Some(peer)
    }

    /// Gives up a process of which nothing was heard: what it had begun has failed, the rest goes elsewhere.
    pub(crate) fn lose(self: &Arc<Self>, peer: &Arc<Peer>, why: &str) {
        if let Some(replicas) = self.others.get(&peer.process) {
            replicas.remove(peer);
        }
        let known = self.peers.lock().remove(&peer.epoch);
        if known.is_none() {
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
            fail(call, error);
        }
        self.again(unsent);
        self.changed.notify_one();
    }

    /// Gives calls to another replica.
    pub(crate) fn again(&self, calls: Vec<Call>) {
        for call in calls {
            let Some(replicas) = self.others.get(&call.stub.process) else {
                continue;
            };
            // Who waited for the client does so no more under the new number; the deadline goes with the event.
            let _ = replicas.call(call);
        }
    }

    pub(crate) fn all_peers(&self) -> Vec<Arc<Peer>> {
        self.peers.lock().values().cloned().collect()
    }
}

/// No deadline is further off.
const A_YEAR: u64 = 365 * 24 * 3600 * 1000;

fn end_at(stub: &Stub, end: impl FnOnce()) {
    match stub.ctx() {
        Some(ctx) => ctx.as_actor(end),
        None => end(),
    }
}

/// Sends the event of a call the error path of the actor that it was for.
pub(crate) fn fail(call: Call, error: Error) {
    let inbox = call.inbox().map(ToString::to_string).unwrap_or_default();
    if let Some(ctx) = call.stub.ctx() {
        ctx.fail_by(&inbox, call.event, error);
    }
}

fn new_epoch() -> u64 {
    // Without randomness nothing that is unique can be had, and 0 means that none is known.
    getrandom::u64().map_or(1, |epoch| epoch.max(1))
}
