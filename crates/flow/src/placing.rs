//! Which processes a flow has, and which actors each runs: `nodes` and `place`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use compysition_core::{About, Director, Event, FilePath, Wiring};
use compysition_expression::Expression;
use compysition_nodes::{Nodes, Patience, Process};
use serde::Deserialize;

use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::node::{Content, Entry, Node};
use crate::places::Places;
use crate::settings;
use crate::source::Span;
use crate::suggest;

/// The processes of a flow, as its file names them.
#[derive(Clone, Default)]
pub struct Placement {
    nodes: Vec<PlacedNode>,
    patience: Patience,
}

/// One process of a flow.
#[derive(Clone)]
pub struct PlacedNode {
    /// Its name.
    pub name: Arc<str>,
    /// Where it listens, or each of its replicas; nowhere if it only calls others.
    pub addresses: Vec<String>,
    /// How many processes run the same.
    pub replicas: usize,
    /// The key files of the process, without their endings: `.key` for the public key, `.key_secret` for the secret one.
    pub keys: Option<PathBuf>,
    /// Whether others than this machine are let near without keys.
    pub is_insecure: bool,
    key: Option<Expression>,
}

/// What stands behind the name of a node.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    #[serde(alias = "address")]
    listen: Addresses,
    replicas: Option<usize>,
    key: Option<Expression>,
    keys: Option<FilePath>,
    insecure: bool,
}

#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Addresses {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Placement {
    /// Returns the processes, in the order of the file.
    pub fn nodes(&self) -> &[PlacedNode] {
        &self.nodes
    }

    /// Returns a process by its name.
    pub fn node(&self, name: &str) -> Option<&PlacedNode> {
        self.nodes.iter().find(|node| &*node.name == name)
    }

    /// Returns the processes as those are wanted that cut a flow.
    pub fn processes(&self) -> Nodes {
        let nodes = Nodes::of(self.nodes.iter().map(|node| {
            let process = Process::new(node.name.clone()).with_replicas(node.replicas);
            let addresses = node.addresses.iter();
            let process = addresses.fold(process, |process, address| process.at(address));
            match node.key.clone() {
                None => process,
                Some(key) => process.keyed(Arc::new(move |event: &Event| {
                    Ok(key.evaluate((event, ""))?.to_string())
                })),
            }
        }));
        nodes.with_patience(self.patience)
    }
}

/// What a flow file and those that it includes say of processes, the nearest first.
#[derive(Default)]
pub(crate) struct Given {
    nodes: Vec<Entry>,
    place: Vec<Entry>,
}

impl Given {
    /// Takes what one file says.
    pub(crate) fn take(&mut self, entries: &mut Vec<Entry>) {
        self.nodes.extend(fields::take(entries, "nodes"));
        self.place.extend(fields::take(entries, "place"));
    }

    /// Says that it is for the flow as a whole.
    pub(crate) fn refuse(self, found: &mut Vec<Diagnostic>) {
        for entry in self.nodes.into_iter().chain(self.place) {
            let message = format!(
                "a sub-flow has no `{}`: that is for the flow as a whole",
                entry.key
            );
            let hint = "put it into the file of the flow that uses this one";
            found.push(Diagnostic::new(entry.key_span, message).hint(hint));
        }
    }

    /// Replaces the values in it.
    pub(crate) fn each(&mut self, mut replace: impl FnMut(&mut Node)) {
        let all = self.nodes.iter_mut().chain(&mut self.place);
        all.for_each(|entry| replace(&mut entry.value));
    }

    /// Places the actors of a flow; `spans` are where they stand.
    pub(crate) fn apply(
        self,
        director: &mut Director,
        spans: &Places,
        patience: Patience,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Placement> {
        let before = found.len();
        let Some(first) = self.nodes.first() else {
            for entry in &self.place {
                let message = "`place` needs `nodes`, which name the processes of the flow";
                found.push(Diagnostic::new(entry.key_span, message));
            }
            return None;
        };
        let first = first.key_span;
        let nodes = nodes(self.nodes, found);
        let mut places = Assigned {
            taken: HashMap::new(),
            rest: None,
        };
        if self.place.is_empty() {
            let message = "`nodes` needs `place`, which says what each of them runs";
            found.push(
                Diagnostic::new(first, message).hint("place: { NAME: [ACTOR, …], OTHER: \"*\" }"),
            );
            return None;
        }
        for entry in self.place {
            places.read(entry, &nodes, &director.wiring(), found);
        }
        let placement = Placement { nodes, patience };
        // What is placed nowhere may have been meant where a name was wrong.
        if found.len() == before {
            places.set(director, spans, found);
        }
        if found.len() == before {
            placement.check(director, spans, first, found);
        }
        Some(placement)
    }
}

fn nodes(given: Vec<Entry>, found: &mut Vec<Diagnostic>) -> Vec<PlacedNode> {
    let mut nodes: Vec<PlacedNode> = Vec::new();
    for entry in given {
        for entry in fields::entries(entry.value, "`nodes`", found) {
            // The nearest file says where a node is.
            if nodes.iter().any(|node| node.name == entry.key) {
                continue;
            }
            nodes.extend(node(entry, found));
        }
    }
    nodes
}

fn node(entry: Entry, found: &mut Vec<Diagnostic>) -> Option<PlacedNode> {
    let (span, value_span) = (entry.key_span, entry.value.span);
    let settings = match entry.value.content {
        // A node with a mistake is a node all the same: what is placed in it is placed.
        Content::Map(_) => settings::read(&entry.value, found).unwrap_or_default(),
        Content::Null => Settings::default(),
        _ => Settings {
            listen: Addresses::One(fields::text(&entry.value, "the address of a node", found)?),
            ..Settings::default()
        },
    };
    let given = match settings.listen {
        Addresses::None => Vec::new(),
        Addresses::One(address) => vec![address],
        Addresses::Many(addresses) => addresses,
    };
    let replicas = settings.replicas.unwrap_or(given.len().max(1));
    let name = entry.key;
    let mut wrong = |message: String| found.push(Diagnostic::new(span, message));
    if !(1..=MOST_REPLICAS).contains(&replicas) {
        wrong(format!(
            "node `{name}` must have from 1 to {MOST_REPLICAS} replicas"
        ));
        return None;
    }
    let addresses = match &given[..] {
        [one] if replicas > 1 => (0..replicas).map(|replica| nth(one, replica)).collect(),
        _ => given,
    };
    if !addresses.is_empty() && addresses.len() != replicas {
        let (has, wants) = (addresses.len(), replicas);
        wrong(format!(
            "node `{name}` has {wants} replicas and {has} addresses; give one for each, or one for the first"
        ));
    }
    for address in &addresses {
        if !["tcp://", "ipc://"]
            .iter()
            .any(|scheme| address.starts_with(scheme))
        {
            let message = format!("`{address}` is no address of a node");
            let hint = "write it like tcp://127.0.0.1:7101 or ipc:///run/flow/front";
            found.push(Diagnostic::new(value_span, message).hint(hint));
        }
    }
    Some(PlacedNode {
        name,
        addresses,
        replicas,
        keys: settings.keys.map(|keys| keys.as_path().to_owned()),
        is_insecure: settings.insecure,
        key: settings.key,
    })
}

/// How many processes may run the same.
const MOST_REPLICAS: usize = 1000;

/// Returns where the n-th replica listens, from 0, if the first one listens there: at the next ports, or paths with numbers.
fn nth(address: &str, replica: usize) -> String {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    match (replica, port.parse::<usize>()) {
        (0, _) => address.to_owned(),
        (_, Ok(port)) => format!("{host}:{}", port + replica),
        (_, Err(_)) => format!("{address}.{}", replica + 1),
    }
}

/// Which node each actor was given to.
struct Assigned {
    taken: HashMap<String, (Arc<str>, Span)>,
    /// The node that runs all others.
    rest: Option<(Arc<str>, Span)>,
}

impl Assigned {
    fn read(
        &mut self,
        entry: Entry,
        nodes: &[PlacedNode],
        wiring: &Wiring,
        found: &mut Vec<Diagnostic>,
    ) {
        for entry in fields::entries(entry.value, "`place`", found) {
            if !nodes.iter().any(|node| node.name == entry.key) {
                let message = format!("there is no node `{}`", entry.key);
                let hint = suggest::hint(&entry.key, nodes.iter().map(|node| &*node.name));
                found.push(Diagnostic::new(entry.key_span, message).hint(hint));
                continue;
            }
            let node = entry.key;
            let names = match entry.value.content {
                Content::List(items) => items,
                _ => vec![entry.value],
            };
            for name in names {
                let Some(actor) = fields::text(&name, "the name of an actor", found) else {
                    continue;
                };
                self.place(&actor, name.span, &node, wiring, found);
            }
        }
    }

    fn place(
        &mut self,
        actor: &str,
        span: Span,
        node: &Arc<str>,
        wiring: &Wiring,
        found: &mut Vec<Diagnostic>,
    ) {
        if actor == "*" {
            match &self.rest {
                Some((other, before)) if other != node => {
                    let message = format!("both `{other}` and `{node}` run all the rest");
                    found.push(Diagnostic::new(span, message).note(*before, "the first is here"));
                }
                _ => self.rest = Some((node.clone(), span)),
            }
            return;
        }
        if actor == "reply" {
            let message = "`reply` is in every node: an answer finds its way to its request";
            found.push(Diagnostic::new(span, message).hint("leave it out"));
            return;
        }
        let within = format!("{actor}/");
        let is_meant = |name: &str| name == actor || name.starts_with(&within);
        let names = wiring.actors.iter().map(|actor| actor.name.clone());
        let meant: Vec<String> = names.filter(|name| is_meant(name)).collect();
        if meant.is_empty() {
            let known = wiring.actors.iter().filter(|actor| !actor.is_reply);
            let hint = suggest::hint(actor, known.map(|actor| &*actor.name));
            let message = format!("there is no actor `{actor}`");
            found.push(Diagnostic::new(span, message).hint(hint));
        }
        for name in meant {
            match self.taken.get(&name) {
                Some((other, before)) if other != node => {
                    let message = format!("actor `{name}` is placed in `{other}` and in `{node}`");
                    found.push(Diagnostic::new(span, message).note(*before, "the first is here"));
                }
                _ => _ = self.taken.insert(name, (node.clone(), span)),
            }
        }
    }

    fn set(self, director: &mut Director, spans: &Places, found: &mut Vec<Diagnostic>) {
        let wiring = director.wiring();
        for (index, actor) in wiring.actors.iter().enumerate() {
            let is_everywhere =
                actor.is_reply || Some(index) == wiring.dead_letters || actor.name.starts_with('(');
            let Some(node) = director.node(&actor.name).filter(|_| !is_everywhere) else {
                continue;
            };
            let place = self.taken.get(&actor.name).or(self.rest.as_ref());
            let span = spans.of(&About::Actor(index));
            match place {
                Some((place, _)) => director.place(node, place.clone()),
                None => {
                    let message = format!("actor `{}` is placed in no node", actor.name);
                    let hint =
                        "name it under `place`, or give one node \"*\", which is all the rest";
                    found.push(Diagnostic::new(span, message).hint(hint));
                }
            }
        }
    }
}

impl Placement {
    /// Finds what cannot work in several processes.
    fn check(&self, director: &Director, spans: &Places, nodes: Span, found: &mut Vec<Diagnostic>) {
        let wiring = director.wiring();
        for mistake in self.processes().mistakes(&wiring) {
            found.push(Diagnostic::new(nodes, mistake).hint("one of the two must listen"));
        }
        for (index, actor) in wiring.actors.iter().enumerate() {
            let node = actor.process.as_deref().and_then(|name| self.node(name));
            let Some(node) = node.filter(|node| node.replicas > 1) else {
                continue;
            };
            let span = spans.of(&About::Actor(index));
            let (name, replicas) = (&actor.name, node.replicas);
            if actor.ports.is_source() && !actor.ports.is_door() {
                let message = format!(
                    "`{name}` makes events, and each of the {replicas} replicas of node `{}` would make them all",
                    node.name
                );
                found.push(Diagnostic::new(span, message).hint("place it in a node of its own"));
            }
            if actor.ports.is_single() && node.key.is_none() {
                let message = format!(
                    "what `{name}` keeps of one event concerns others, which may come to another of the {replicas} \
                     replicas of node `{}`",
                    node.name
                );
                let hint = "give the node a `key`, so that what belongs together comes to the same one, such as `key: meta_id`";
                found.push(Diagnostic::new(span, message).hint(hint));
            }
        }
    }
}
