//! What a process that stops still waits for, in words.

use std::sync::Arc;

use crate::exchange::Exchange;
use crate::peer::Peer;

/// How many events are named of those that are elsewhere.
const NAMED: usize = 3;

impl Exchange {
    /// Says which processes are waited for, and which events.
    pub(crate) fn awaited(&self, is_done: bool, open: u64) -> Vec<String> {
        let mut awaited = Vec::new();
        if !is_done {
            awaited.push("what began here".to_owned());
        }
        if open > 0 {
            awaited.push(format!("{open} events that began in other processes"));
        }
        let waiting = self.others.iter().filter_map(|(process, replicas)| {
            let waiting = replicas.waiting().filter(|waiting| *waiting > 0)?;
            Some(format!(
                "process `{process}`, which is not there and for which {waiting} events wait"
            ))
        });
        awaited.extend(waiting);
        let mut peers = self.all_peers();
        peers.sort_by(|one, other| {
            (&one.process, &one.replica).cmp(&(&other.process, &other.replica))
        });
        awaited.extend(peers.iter().filter_map(|peer| self.awaited_of(peer)));
        if awaited.is_empty() {
            // One that no link leads to from here.
            let done = self.done.lock();
            let is_open = |process: &&Arc<str>| !done.iter().any(|(known, _)| *known == ***process);
            let open = self.processes.iter().filter(is_open);
            awaited.extend(open.map(|process| format!("process `{process}`, which is not done")));
        }
        awaited
    }

    fn awaited_of(&self, peer: &Peer) -> Option<String> {
        let (process, replica) = (&peer.process, &peer.replica);
        let is_done = {
            let key = (process.to_string(), replica.to_string());
            peer.has_parted() || self.done.lock().contains(&key)
        };
        let calls = peer.open_calls();
        if calls == 0 && is_done {
            let is_silent = !peer.has_line() && !peer.is_told();
            return is_silent.then(|| format!("process `{process}` {replica}, which is silent"));
        }
        if calls == 0 {
            return Some(format!(
                "process `{process}` {replica}, where events that began there are under way"
            ));
        }
        let named = peer.first_calls(NAMED).into_iter();
        let named = named
            .map(|(event, inlet)| format!("{event} (sent to inbox `{}`)", self.inlet(inlet).inbox));
        let named: Vec<String> = named.collect();
        let more = if calls > named.len() { ", …" } else { "" };
        let named = named.join(", ");
        Some(format!(
            "process `{process}` {replica}, which has {calls} events of this one: {named}{more}"
        ))
    }
}
