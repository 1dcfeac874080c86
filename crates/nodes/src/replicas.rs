//! The runs of one process that are known, and what waits for one of them.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use compysition_core::Event;
use parking_lot::Mutex;

use crate::calls::Call;
use crate::peer::Peer;

/// Tells which events of a process must stay in order, and so go to the same replica.
pub type KeyOf = Arc<dyn Fn(&Event) -> Option<String> + Send + Sync>;

/// All replicas of one process.
#[derive(Default)]
pub(crate) struct Replicas {
    state: Mutex<State>,
    key: Option<KeyOf>,
}

#[derive(Default)]
struct State {
    peers: Vec<Arc<Peer>>,
    /// What came while there was none.
    waiting: VecDeque<Call>,
}

impl Replicas {
    pub(crate) fn keyed(key: Option<KeyOf>) -> Replicas {
        Replicas {
            state: Mutex::default(),
            key,
        }
    }

    /// Gives a call to one of the replicas, or keeps it until there is one; returns who has it under which number.
    pub(crate) fn call(&self, call: Call) -> Option<(Arc<Peer>, u64)> {
        let mut call = call;
        loop {
            let mut state = self.state.lock();
            let Some(peer) = self.choose(&state.peers, &call.event) else {
                state.waiting.push_back(call);
                return None;
            };
            drop(state);
            match peer.call(call) {
                Ok(number) => return Some((peer, number)),
                // It has gone meanwhile.
                Err(back) => call = back,
            }
            self.remove(&peer);
        }
    }

    /// Chooses the replica of the event's key, else the one with the least to do; one that is connected if there is.
    fn choose(&self, peers: &[Arc<Peer>], event: &Event) -> Option<Arc<Peer>> {
        if let [only] = peers {
            return Some(only.clone());
        }
        if let Some(key) = self.key.as_ref().and_then(|key| key(event)) {
            // The highest hash wins, so that few keys move when a replica comes or goes (Thaler and Ravishankar, 1998).
            let weight = |peer: &&Arc<Peer>| {
                let mut hasher = DefaultHasher::new();
                (&key, &peer.replica).hash(&mut hasher);
                hasher.finish()
            };
            return peers.iter().max_by_key(weight).cloned();
        }
        let load = |peer: &&Arc<Peer>| (!peer.has_line(), peer.open_calls());
        peers.iter().min_by_key(load).cloned()
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

    /// Takes what waits for a replica, if there is none.
    pub(crate) fn give_up(&self) -> Vec<Call> {
        let mut state = self.state.lock();
        match state.peers.is_empty() {
            true => std::mem::take(&mut state.waiting).into(),
            false => Vec::new(),
        }
    }

    pub(crate) fn peers(&self) -> Vec<Arc<Peer>> {
        self.state.lock().peers.clone()
    }
}
