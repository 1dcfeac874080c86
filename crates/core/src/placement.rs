//! A flow in several processes: which actor runs where, and what one process runs of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::Node;
use crate::connection::{Connection, LinkKind};
use crate::default_links::error_inbox;
use crate::director::{Director, Registered};
use crate::into_actor::Built;
use crate::port::Port;

/// The actor of a process that takes in what the others send.
const INTAKE: &str = "(nodes)";

/// The outbox by which what stands for an actor elsewhere gives the answer to a request that was sent there.
pub const ANSWERS: &str = "(answers)";

/// An inbox of an actor, known to all processes of a flow by the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inlet {
    /// The actor's name.
    pub actor: Arc<str>,
    /// The inbox.
    pub inbox: Port,
    /// The process that the actor runs in.
    pub process: Arc<str>,
}

/// What one process runs of a flow.
pub struct Cut {
    /// The part of the flow: the actors that run here, and for those elsewhere that these send to, what takes their place.
    pub director: Director,
    /// The numbers, in the whole flow, of the part's actors; none of what was added.
    pub actors: Vec<Option<usize>>,
}

/// What stands for actors that are not here.
pub trait Remotes {
    /// Makes what takes the place of an actor that runs elsewhere. Its inboxes are `inlets`, by their numbers.
    fn actor(&mut self, name: &Arc<str>, inlets: Vec<(Port, usize)>) -> Built;

    /// Makes the actor that takes in what comes for these inlets; it has an outbox for each, which bears the number.
    fn intake(&mut self, inlets: Vec<usize>) -> Built;
}

impl Director {
    /// Says which process an actor runs in, once the flow is [cut](Director::cut). What is placed nowhere runs in every
    /// process: of what makes events, each makes them then.
    pub fn place(&mut self, node: Node, process: impl Into<Arc<str>>) {
        let process = process.into();
        if let Some(actor) = self.registered_mut(node) {
            actor.process = Some(process);
        }
    }

    /// Returns the process that an actor was placed in.
    pub fn process(&self, node: Node) -> Option<&str> {
        self.registered(node)?.process.as_deref()
    }

    /// Returns all inboxes that lead from one process into another, in an order that is the same in all of them.
    pub fn inlets(&self) -> Vec<Inlet> {
        let mut inlets = Vec::new();
        let named = self
            .errors
            .iter()
            .chain(self.log.iter().map(|(_, node)| node));
        let by_name = named.flat_map(|node| self.default_inboxes(*node));
        let by_link = self.links.iter().filter_map(|link| self.inlet(link));
        for inlet in by_link.chain(by_name) {
            if !inlets.contains(&inlet) {
                inlets.push(inlet);
            }
        }
        inlets
    }

    /// Returns a number that two processes have in common if their flows have the same actors, links and places.
    pub fn fingerprint(&self) -> u64 {
        let actors = self.actors.iter().map(|actor| {
            let process = actor.process.as_deref().unwrap_or("*");
            format!("{}@{process}", actor.name)
        });
        let links = self.links.iter().map(|link| {
            let (from, to) = (link.from.index, link.to.index);
            let kind = match link.kind {
                LinkKind::Plain => "",
                LinkKind::Error(None) => "error",
                LinkKind::Error(Some(kind)) => kind.as_str(),
                LinkKind::LastResort => "last",
            };
            let (outbox, inbox) = (&link.outbox, &link.inbox);
            format!("{from}.{outbox}>{to}.{inbox}!{kind}")
        });
        let inlets = self.inlets();
        let inlets = inlets.iter().map(|inlet| {
            let (actor, inbox, process) = (&inlet.actor, &inlet.inbox, &inlet.process);
            format!("{process}:{actor}.{inbox}")
        });
        let parts: Vec<String> = actors.chain(links).chain(inlets).collect();
        xxh3_64(parts.join("\n").as_bytes())
    }

    /// Keeps of the flow what runs in one process. The links that lead to others end at what `remotes` makes for them.
    pub fn cut(mut self, here: &str, remotes: &mut dyn Remotes) -> Cut {
        let inlets = self.inlets();
        let reached = self.reached_from(here);
        let links: Vec<Connection> = self.links_of(here, &reached);
        let doors = self.doors_elsewhere(here);
        let mut part = Director::new(self.name.clone());
        part.limits = self.limits.clone();
        part.stop_deadline = self.stop_deadline;
        part.supervision = self.supervision.clone();
        let mut actors = Vec::new();
        let mut stubs = Vec::new();
        let mut moved: Vec<Option<Node>> = vec![None; self.actors.len()];
        for (index, actor) in std::mem::take(&mut self.actors).into_iter().enumerate() {
            let is_here = actor.process.as_deref().is_none_or(|own| own == here);
            let actor = match is_here {
                true => actor,
                false if reached.contains(&(index as u32)) => {
                    let own = inlets_of(&actor.name, &inlets);
                    Registered::new(actor.name.clone(), remotes.actor(&actor.name, own))
                }
                false => continue,
            };
            let node = part.add(actor);
            moved[index] = Some(node);
            if !is_here {
                stubs.push(node);
            }
            actors.push(Some(index));
        }
        part.reply = self.reply.and_then(|node| moved[node.index as usize]);
        let at = |part: &mut Director, node: Node| match moved[node.index as usize] {
            // An answer finds its way to the request by itself.
            None if doors.contains(&node.index) => Some(part.reply()),
            found => found,
        };
        for link in links {
            if let (Some(from), Some(to)) = (at(&mut part, link.from), at(&mut part, link.to)) {
                part.links.push(Connection { from, to, ..link });
            }
        }
        let answers = part.reply();
        for stub in &stubs {
            part.connect((*stub, ANSWERS), answers);
        }
        let comes_in = |number: &usize| &*inlets[*number].process == here;
        let incoming: Vec<usize> = (0..inlets.len()).filter(comes_in).collect();
        let intake = part.register(INTAKE, remotes.intake(incoming.clone()));
        for number in incoming {
            let Inlet { actor, inbox, .. } = &inlets[number];
            if let Some(to) = part.node(actor) {
                part.connect((intake, number.to_string()), to.port(inbox.clone()));
            }
        }
        part.errors = self.errors.and_then(|node| at(&mut part, node));
        part.dead_letters = self.dead_letters.and_then(|node| at(&mut part, node));
        part.log = self
            .log
            .and_then(|(tap, node)| Some((tap, at(&mut part, node)?)));
        actors.resize(part.actors.len(), None);
        Cut {
            director: part,
            actors,
        }
    }

    /// Returns the links that begin in this process, and those that take the errors of what stands for others.
    fn links_of(&self, here: &str, reached: &BTreeSet<u32>) -> Vec<Connection> {
        let stays = |link: &&Connection| {
            let is_error = link.kind != LinkKind::Plain;
            self.runs_in(link.from, here) || (is_error && reached.contains(&link.from.index))
        };
        self.links.iter().filter(stays).cloned().collect()
    }

    fn runs_in(&self, node: Node, process: &str) -> bool {
        let actor = &self.actors[node.index as usize];
        actor.process.as_deref().is_none_or(|own| own == process)
    }

    /// Returns the inlet that a link leads to, if it is one: not a door, where an answer finds the way by itself.
    fn inlet(&self, link: &Connection) -> Option<Inlet> {
        let (from, to) = (self.registered(link.from)?, self.registered(link.to)?);
        let process = to.process.clone()?;
        let crosses = from.process.as_ref() != Some(&process);
        (crosses && !to.ports.door).then(|| Inlet {
            actor: to.name.clone(),
            inbox: link.inbox.clone(),
            process,
        })
    }

    /// Returns the inboxes by which the flow's actor for errors takes what has no connection of its own.
    fn default_inboxes(&self, node: Node) -> Vec<Inlet> {
        let Some(process) = self
            .registered(node)
            .and_then(|actor| actor.process.clone())
        else {
            return Vec::new();
        };
        let name = &self.actors[node.index as usize].name;
        let others = self.actors.iter().map(|actor| &*actor.name);
        let others = others.chain([INTAKE]).filter(|other| *other != &**name);
        others
            .map(|other| Inlet {
                actor: name.clone(),
                inbox: error_inbox(other),
                process: process.clone(),
            })
            .collect()
    }

    /// Returns the actors elsewhere that something in this process sends to.
    fn reached_from(&self, here: &str) -> BTreeSet<u32> {
        let from_here = self
            .links
            .iter()
            .filter(|link| self.runs_in(link.from, here));
        let targets = from_here.map(|link| link.to).chain(self.errors);
        let mut reached: BTreeSet<u32> = BTreeSet::new();
        let mut next: Vec<Node> = targets.collect();
        while let Some(node) = next.pop() {
            let is_door = self.actors[node.index as usize].ports.door;
            if self.runs_in(node, here) || is_door || !reached.insert(node.index) {
                continue;
            }
            // What cannot be handed over takes the error path of the actor that it was for.
            let of_errors = |link: &&Connection| link.from == node && link.kind != LinkKind::Plain;
            next.extend(self.links.iter().filter(of_errors).map(|link| link.to));
        }
        reached
    }

    fn doors_elsewhere(&self, here: &str) -> BTreeSet<u32> {
        let actors = self.actors.iter().enumerate();
        let elsewhere =
            |actor: &Registered| actor.process.as_deref().is_some_and(|own| own != here);
        actors
            .filter(|(_, actor)| actor.ports.door && elsewhere(actor))
            .map(|(index, _)| index as u32)
            .collect()
    }
}

fn inlets_of(actor: &str, inlets: &[Inlet]) -> Vec<(Port, usize)> {
    let numbered = inlets.iter().enumerate();
    let own = numbered.filter(|(_, inlet)| &*inlet.actor == actor);
    own.map(|(number, inlet)| (inlet.inbox.clone(), number))
        .collect()
}
