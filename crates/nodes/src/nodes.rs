//! Which processes a flow has, and the part that one of them runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use compysition_core::{Built, Cut, Director, Inlet, Port, Remotes, Wiring};
use tokio::sync::oneshot;

use crate::exchange::{Exchange, Patience};
use crate::gateway::Gateway;
use crate::remote::Remote;
use crate::replicas::{KeyOf, Replicas};
use crate::transport::Transport;

/// The processes of a flow.
///
/// Of two that a link leads between, the one with an address listens; if both have one, the one that comes first.
#[derive(Clone, Default)]
pub struct Nodes {
    list: Vec<Process>,
    patience: Patience,
}

/// One process of a flow.
#[derive(Clone)]
pub struct Process {
    name: Arc<str>,
    addresses: Vec<String>,
    replicas: usize,
    key: Option<KeyOf>,
}

/// Who runs a part of a flow.
#[derive(Clone, Copy, Debug)]
pub struct Here<'a> {
    /// The name of the process.
    pub process: &'a str,
    /// Which of several that run the same, from 1.
    pub replica: usize,
}

/// The part of a flow that one process runs.
pub struct Part {
    /// The part, ready to be started.
    pub director: Director,
    /// The numbers, in the whole flow, of the part's actors; none of what was added.
    pub actors: Vec<Option<usize>>,
    /// Resolves to the address where the process listens, once it does; never if it does not.
    pub listening: oneshot::Receiver<String>,
}

impl Process {
    /// Makes a process that calls the others.
    pub fn new(name: impl Into<Arc<str>>) -> Process {
        Process {
            name: name.into(),
            addresses: Vec::new(),
            replicas: 1,
            key: None,
        }
    }

    /// Has the process, or each of its replicas in turn, listen at an address.
    #[must_use]
    pub fn at(mut self, address: impl Into<String>) -> Process {
        self.addresses.push(address.into());
        self
    }

    /// Says how many processes run the same; one unless it is said.
    #[must_use]
    pub fn with_replicas(mut self, replicas: usize) -> Process {
        self.replicas = replicas;
        self
    }

    /// Sends events of the same key to the same replica, so that they stay in order.
    #[must_use]
    pub fn keyed(mut self, key: KeyOf) -> Process {
        self.key = Some(key);
        self
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Nodes {
    /// Makes a list of processes.
    pub fn of(list: impl IntoIterator<Item = Process>) -> Nodes {
        Nodes {
            list: list.into_iter().collect(),
            patience: Patience::default(),
        }
    }

    /// Sets how long silence may last.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Nodes {
        self.patience = patience;
        self
    }

    /// Returns the processes.
    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        self.list.iter()
    }

    /// Returns what keeps a flow from running in these processes.
    pub fn mistakes(&self, wiring: &Wiring) -> Vec<String> {
        let mut mistakes = Vec::new();
        for (one, other) in pairs(wiring) {
            let has_address = |name: &str| {
                let process = self.get(name);
                process.is_some_and(|process| !process.addresses.is_empty())
            };
            if !has_address(&one) && !has_address(&other) {
                mistakes.push(format!(
                    "links lead between the nodes `{one}` and `{other}`, and neither has an address"
                ));
            }
        }
        mistakes
    }

    fn get(&self, name: &str) -> Option<&Process> {
        self.list.iter().find(|process| &*process.name == name)
    }

    /// Cuts out of a flow what one process runs.
    pub fn part(&self, whole: Director, here: Here<'_>, transport: Arc<dyn Transport>) -> Part {
        let wiring = whole.wiring();
        let inlets = whole.inlets();
        let mut others = BTreeMap::new();
        let mut calls = Vec::new();
        let mut listens = false;
        let place = |name: &str| self.list.iter().position(|known| &*known.name == name);
        for (one, other) in pairs(&wiring) {
            let other = match here.process {
                own if own == one => other,
                own if own == other => one,
                _ => continue,
            };
            let Some(process) = self.get(&other) else {
                continue;
            };
            let own_addresses = self.get(here.process).map_or(0, |own| own.addresses.len());
            let calls_it = !process.addresses.is_empty()
                && (own_addresses == 0 || place(&other) < place(here.process));
            match calls_it {
                true => {
                    let addresses = process.addresses.iter().cloned();
                    calls.extend(addresses.map(|address| (process.name.clone(), address)));
                }
                false => listens = true,
            }
            let replicas = Replicas::new(process.replicas, process.key.clone());
            others.insert(process.name.clone(), replicas);
        }
        let own = self.get(here.process);
        let address = own.and_then(|own| own.addresses.get(here.replica.saturating_sub(1)));
        let replica = here.replica.to_string();
        let names = reached(here.process, &pairs(&wiring));
        let exchange = Arc::new(Exchange::new(
            (here.process, &replica),
            (&wiring.flow, whole.fingerprint()),
            inlets.clone(),
            (others, names),
            self.patience,
            transport.promises().largest_frame,
        ));
        let (tell, listening) = oneshot::channel();
        let mut standing = Standing {
            exchange,
            transport,
            inlets,
            listen: address.filter(|_| listens).cloned(),
            calls,
            listening: Some(tell),
        };
        let Cut { director, actors } = whole.cut(here.process, &mut standing);
        Part {
            director,
            actors,
            listening,
        }
    }
}

/// Returns the processes between which links lead, each pair once.
fn pairs(wiring: &Wiring) -> Vec<(String, String)> {
    let process = |actor: usize| wiring.actors[actor].process.clone();
    let mut pairs: Vec<(String, String)> = Vec::new();
    let drawn = wiring.links.iter().map(|link| (link.from, link.to));
    let named = wiring.errors.iter().chain(&wiring.log);
    let to_named = named.flat_map(|to| (0..wiring.actors.len()).map(|from| (from, *to)));
    for (from, to) in drawn.chain(to_named) {
        let (Some(from), Some(to)) = (process(from), process(to)) else {
            continue;
        };
        let is_known = |pair: &(String, String)| {
            *pair == (from.clone(), to.clone()) || *pair == (to.clone(), from.clone())
        };
        if from != to && !pairs.iter().any(is_known) {
            pairs.push((from, to));
        }
    }
    pairs
}

/// Returns the processes whose events may come to one, however many lie between, or its events to them.
fn reached(here: &str, pairs: &[(String, String)]) -> Vec<Arc<str>> {
    let mut known: Vec<&str> = vec![here];
    let mut next = 0;
    while let Some(&process) = known.get(next) {
        next += 1;
        let beside = pairs.iter().filter_map(|(one, other)| match process {
            own if own == one => Some(other),
            own if own == other => Some(one),
            _ => None,
        });
        for other in beside {
            if !known.contains(&&**other) {
                known.push(other);
            }
        }
    }
    known.into_iter().skip(1).map(Arc::from).collect()
}

/// Makes what stands for actors that run elsewhere.
struct Standing {
    exchange: Arc<Exchange>,
    transport: Arc<dyn Transport>,
    inlets: Vec<Inlet>,
    listen: Option<String>,
    calls: Vec<(Arc<str>, String)>,
    listening: Option<oneshot::Sender<String>>,
}

impl Remotes for Standing {
    fn actor(&mut self, _: &Arc<str>, inlets: Vec<(Port, usize)>) -> Built {
        // An actor that nothing leads to is not asked for.
        let process = inlets
            .first()
            .map(|(_, number)| self.inlets[*number].process.clone());
        let numbered = |(inbox, number)| (inbox, number as u32);
        let inlets = inlets.into_iter().map(numbered).collect();
        let largest = self.transport.promises().largest_frame;
        let exchange = self.exchange.clone();
        let process = process.unwrap_or_default();
        Built::value(Remote::new(process, inlets, exchange, largest))
    }

    fn intake(&mut self, inlets: Vec<usize>) -> Built {
        Built::value(Gateway {
            exchange: self.exchange.clone(),
            transport: self.transport.clone(),
            listen: self.listen.take(),
            calls: std::mem::take(&mut self.calls),
            outboxes: inlets,
            listening: self.listening.take(),
        })
    }
}
