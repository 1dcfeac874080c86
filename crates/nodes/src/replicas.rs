//! The runs of one process that are known, and what waits for one of them.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use compysition_core::{Error, ErrorKind, Event, Result};
use parking_lot::Mutex;

use crate::calls::Call;
use crate::given_up::GivenUp;
use crate::peer::Peer;

/// Tells which events of a process must stay in order, and so go to the same replica; an error fails the event.
pub type KeyOf = Arc<dyn Fn(&Event) -> Result<String> + Send + Sync>;

/// All replicas of one process.
#[derive(Default)]
pub(crate) struct Replicas {
    state: Mutex<State>,
    key: Option<KeyOf>,
    /// What came back from those that stop.
    pub(crate) given_up: GivenUp,
    /// How many there are to be.
    count: usize,
}

#[derive(Default)]
struct State {
    peers: Vec<Arc<Peer>>,
    /// What came while there was none that could take it.
    waiting: VecDeque<Call>,
}

/// Who is to take an event.
enum Choice {
    Anybody,
    /// The replica of its key, by its name.
    One(String),
}

impl Replicas {
    pub(crate) fn new(count: usize, key: Option<KeyOf>) -> Replicas {
        Replicas {
            state: Mutex::default(),
            key,
            given_up: GivenUp::default(),
            count: count.max(1),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Gives calls to the replicas, or keeps them until there is one. Returns those whose keys cannot be told, and those that
    /// would wait though their client has gone.
    pub(crate) fn call_all(&self, mut calls: Vec<Call>) -> Vec<(Call, Error)> {
        if let Some(peer) = self.only() {
            match peer.call_all(calls) {
                Ok(()) => return Vec::new(),
                Err(back) => calls = back,
            }
        }
        let failed = |call| self.call(call).err();
        let failed = calls.into_iter().filter_map(failed);
        failed.map(|(call, error)| (*call, error)).collect()
    }

    /// Returns the replica that all events go to, if there is just one.
    fn only(&self) -> Option<Arc<Peer>> {
        match (&self.key, &*self.state.lock().peers) {
            (None, [peer]) => Some(peer.clone()),
            _ => None,
        }
    }

    fn call(&self, call: Call) -> Result<(), (Box<Call>, Error)> {
        let choice = match self.choice(call.event()) {
            Ok(choice) => choice,
            Err(error) => return Err((Box::new(call), error)),
        };
        if let Some(seat) = call.seat() {
            seat.leave();
        }
        let mut call = call;
        loop {
            let mut state = self.state.lock();
            let Some(peer) = choice.among(&state.peers) else {
                // Who cancels it later looks for it here.
                if call.seat().is_some_and(|seat| seat.is_cancelled()) {
                    return Err((Box::new(call), gone()));
                }
                state.waiting.push_back(call);
                return Ok(());
            };
            drop(state);
            match peer.call_all(vec![call]).map_err(|mut back| back.pop()) {
                // It has gone meanwhile.
                Err(Some(back)) => call = back,
                Ok(()) | Err(None) => return Ok(()),
            }
            self.remove(&peer);
        }
    }

    /// Chooses the replica of the event's key, whether it is there or not: another one would take its place in the order.
    fn choice(&self, event: &Event) -> Result<Choice> {
        let Some(key) = &self.key else {
            return Ok(Choice::Anybody);
        };
        let key = key(event)?;
        // The highest hash wins, so that few keys move where the number changes (Thaler and Ravishankar, 1998).
        let weight = |replica: &String| {
            let mut hasher = DefaultHasher::new();
            (&key, replica).hash(&mut hasher);
            hasher.finish()
        };
        let names = (1..=self.count).map(|replica| replica.to_string());
        Ok(names
            .max_by_key(weight)
            .map_or(Choice::Anybody, Choice::One))
    }

    /// Adds a replica, and returns what has waited for one.
    pub(crate) fn add(&self, peer: Arc<Peer>) -> Vec<Call> {
        let mut state = self.state.lock();
        state.peers.push(peer);
        std::mem::take(&mut state.waiting).into()
    }

    pub(crate) fn remove(&self, peer: &Arc<Peer>) {
        let mut state = self.state.lock();
        state.peers.retain(|known| !Arc::ptr_eq(known, peer));
    }

    /// Takes what waits for a replica, and nobody waits for any more.
    pub(crate) fn take_void(&self) -> Vec<Call> {
        let mut state = self.state.lock();
        let waiting = std::mem::take(&mut state.waiting);
        let (void, others): (VecDeque<_>, VecDeque<_>) = waiting
            .into_iter()
            .partition(|call| call.event().is_cancelled());
        state.waiting = others;
        void.into()
    }

    /// Returns how many events wait for a replica that is not there; nothing, if none does and one is there.
    pub(crate) fn waiting(&self) -> Option<usize> {
        let state = self.state.lock();
        let is_absent = state.peers.is_empty() || !state.waiting.is_empty();
        is_absent.then_some(state.waiting.len())
    }

    /// Takes all that waits for a replica.
    pub(crate) fn take_waiting(&self) -> Vec<Call> {
        std::mem::take(&mut self.state.lock().waiting).into()
    }

    /// Takes what waits for a replica that is not there.
    pub(crate) fn give_up(&self) -> Vec<Call> {
        let peers = self.peers();
        let is_there = |call: &Call| {
            let choice = self.choice(call.event());
            choice.is_ok_and(|choice| choice.among(&peers).is_some())
        };
        let waiting = self.take_waiting().into_iter();
        let (there, absent): (Vec<_>, Vec<_>) = waiting.partition(is_there);
        self.state.lock().waiting.extend(there);
        absent
    }

    pub(crate) fn peers(&self) -> Vec<Arc<Peer>> {
        self.state.lock().peers.clone()
    }
}

impl Choice {
    /// Finds it among those that are there; of all the one with the least to do, and one that is connected if there is.
    fn among(&self, peers: &[Arc<Peer>]) -> Option<Arc<Peer>> {
        let load = |peer: &&Arc<Peer>| (!peer.has_line(), peer.open_calls());
        let found = match self {
            Choice::Anybody if peers.len() < 2 => peers.first(),
            Choice::Anybody => peers.iter().min_by_key(load),
            Choice::One(name) => peers.iter().find(|peer| *peer.replica == **name),
        };
        found.cloned()
    }
}

/// Says that nobody waits for the answer to a call any more.
pub(crate) fn gone() -> Error {
    let message = "skipped: its client has gone before a process was there for it";
    Error::new(ErrorKind::Cancelled, message)
}
