//! What one process has to do with the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use compysition_core::{Context, Error, Event, Inlet, Intake, Listening, Spawner};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::calls::{Call, Seat};
use crate::hearing::Hearing;
use crate::outgoing::Queued;
use crate::peer::Peer;
use crate::replicas::{Replicas, gone};
use crate::wire::{Origins, Record, Records};

/// How long silence may last.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A process that has nothing to say says so this often; 1 s by default.
    pub heartbeat: Duration,
    /// A process that was not heard of for so long is lost: what it was doing has failed; 10 s by default.
    pub lost_after: Duration,
}

/// After how many heartbeats of silence a line is taken to be broken.
const SILENT_BEATS: u32 = 5;

/// After how many heartbeats of silence somebody else may have its place.
const ALIVE_BEATS: u32 = 2;

/// Within which time a process whose line broke has opened another, if it can: much more than it waits before it does.
pub(crate) const BACK_WITHIN: Duration = Duration::from_millis(500);

impl Patience {
    /// Returns after how long a silence a line is taken to be broken.
    pub(crate) fn silence(&self) -> Duration {
        self.heartbeat * SILENT_BEATS
    }

    /// Returns after how long a silence the place of a process is free.
    pub(crate) fn missed_after(&self) -> Duration {
        self.heartbeat * ALIVE_BEATS
    }
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
    /// What stands here for the actors of the inlets, where those run elsewhere: known when it has started.
    standing: Vec<OnceLock<Context>>,
    /// All other processes of the flow, whether they are spoken with or not.
    pub(crate) processes: Vec<Arc<str>>,
    /// The outboxes of the intake, by the numbers of the inlets.
    pub(crate) outboxes: Vec<String>,
    pub(crate) others: BTreeMap<Arc<str>, Replicas>,
    /// All that were ever known and are not given up, by their epochs.
    pub(crate) peers: Mutex<HashMap<u64, Arc<Peer>>>,
    /// Held while it is found out whom a hello is from: one after the other.
    pub(crate) meeting: Mutex<()>,
    /// The most bytes of a payload.
    pub(crate) largest: usize,
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
        largest: usize,
    ) -> Exchange {
        let outboxes = (0..inlets.len()).map(|number| number.to_string()).collect();
        Exchange {
            flow: flow.0.to_owned(),
            fingerprint: flow.1,
            process: who.0.into(),
            replica: who.1.into(),
            epoch: new_epoch(),
            patience,
            standing: inlets.iter().map(|_| OnceLock::new()).collect(),
            inlets,
            processes,
            outboxes,
            others,
            peers: Mutex::default(),
            meeting: Mutex::default(),
            largest,
            intake: Mutex::default(),
            spawner: OnceLock::new(),
            done: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            changed: Arc::default(),
        }
    }

    /// Notes what stands here for the actor of an inlet.
    pub(crate) fn stand(&self, inlet: u32, ctx: &Context) {
        // Made anew after a panic it has the same context.
        let _ = self.standing[inlet as usize].set(ctx.clone());
    }

    /// Returns how answers and failures are sent on of what went to an inlet; none before the flow has started.
    pub(crate) fn ctx(&self, inlet: u32) -> Option<&Context> {
        self.standing[inlet as usize].get()
    }

    pub(crate) fn inlet(&self, number: u32) -> &Inlet {
        &self.inlets[number as usize]
    }

    /// Has the process of an inlet told if the client goes who waits for the answer to an event.
    pub(crate) fn listen(
        self: &Arc<Self>,
        inlet: u32,
        event: &Event,
    ) -> Option<(Arc<Seat>, Listening)> {
        event.is_asked().then(|| {
            let seat = Arc::<Seat>::default();
            let process = self.inlet(inlet).process.clone();
            let (exchange, own) = (self.clone(), seat.clone());
            let listening = event.on_cancelled(move || exchange.cancel(&process, &own));
            (seat, listening)
        })
    }

    /// Gives calls to replicas of a process.
    pub(crate) fn place(&self, process: &str, calls: Vec<Call>) {
        let Some(replicas) = self.others.get(process) else {
            let message = format!("no link leads to process `{process}`");
            let fail = |call| self.fail(call, Error::internal(message.clone()));
            return calls.into_iter().for_each(fail);
        };
        for (call, error) in replicas.call_all(calls) {
            self.fail(call, error);
        }
    }

    /// Tells whoever has a call that nobody waits for the answer any more.
    fn cancel(&self, process: &str, seat: &Seat) {
        if let Some((peer, call)) = seat.cancel() {
            return peer.queue(Queued::Tell(Record::Cancel { call }));
        }
        let void = self.others.get(process).map(Replicas::take_void);
        for call in void.unwrap_or_default() {
            self.fail(call, gone());
        }
    }

    /// Takes in the records of a batch.
    ///
    /// # Errors
    /// What is wrong with them; then none of them counts.
    pub(crate) fn take_in(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        records: &Bytes,
        intake: &Intake,
    ) -> Result<(), String> {
        let records = Records::read(records).map_err(|error| error.to_string())?;
        if let Some(reason) = self.refusal(peer, &records) {
            return Err(reason);
        }
        Hearing::new(self, peer, intake).all(records);
        Ok(())
    }

    /// Says what of some records cannot be meant for this process.
    pub(crate) fn refusal(&self, peer: &Peer, records: &[Record]) -> Option<String> {
        let is_ours = |inlet: &u64| {
            let known = usize::try_from(*inlet)
                .ok()
                .and_then(|number| self.inlets.get(number));
            known.is_some_and(|inlet| inlet.process == self.process)
        };
        records.iter().find_map(|record| match record {
            Record::Event { carried, .. }
                if carried.is_last && self.call_back(peer, &carried.origins).is_none() =>
            {
                Some("an event is to take the place of a call that was not made here".to_owned())
            }
            Record::Event { inlet, .. } if !is_ours(inlet) => {
                Some(format!("there is no inlet {inlet} here"))
            }
            Record::Done { process, .. } if !self.is_known(process) => {
                Some(format!("there is no process `{process}`"))
            }
            _ => None,
        })
    }

    /// Returns the call to a process in whose place an event comes back from there.
    pub(crate) fn call_back(&self, peer: &Peer, origins: &Origins) -> Option<u64> {
        let last = origins.as_deref()?.last()?;
        let is_ours = last.epoch == self.epoch && last.session == peer.pair();
        is_ours.then_some(last.call)
    }

    fn is_known(&self, process: &str) -> bool {
        *self.process == *process || self.processes.iter().any(|known| **known == *process)
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

    /// Gives calls to another replica.
    pub(crate) fn again(&self, calls: Vec<Call>) {
        for call in calls {
            self.place(&self.inlet(call.inlet).process, vec![call]);
        }
    }

    /// Ends something as the actor that it went to.
    pub(crate) fn end_at(&self, inlet: u32, end: impl FnOnce()) {
        match self.ctx(inlet) {
            Some(ctx) => ctx.as_actor(end),
            None => end(),
        }
    }

    /// Sends the event of a call the error path of the actor that it was for.
    pub(crate) fn fail(&self, call: Call, error: Error) {
        let inbox = self.inlet(call.inlet).inbox.to_string();
        if let Some(ctx) = self.ctx(call.inlet) {
            ctx.fail_by(&inbox, call.into_event(), error);
        }
    }

    pub(crate) fn all_peers(&self) -> Vec<Arc<Peer>> {
        self.peers.lock().values().cloned().collect()
    }
}

/// Returns a number that nobody else has: of a run, or of a session.
pub(crate) fn new_epoch() -> u64 {
    // Without randomness nothing that is unique can be had, and 0 means that none is known.
    getrandom::u64().map_or(1, |epoch| epoch.max(1))
}
