//! Which processes a flow has, and which actors each runs: `nodes` and `place`.

use compysition_core::About;
use compysition_nodes::{Nodes, Patience};

use crate::assigned::Assigned;
use crate::build::Plan;
use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::groups;
use crate::links::Links;
use crate::node::{Entry, Node};
use crate::placed_node::PlacedNode;
use crate::source::Span;

/// The processes of a flow, as its file names them.
#[derive(Clone, Default)]
pub struct Placement {
    nodes: Vec<PlacedNode>,
    patience: Patience,
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
        let nodes = Nodes::of(self.nodes.iter().map(PlacedNode::process));
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

    /// Places the actors of a flow.
    pub(crate) fn apply(
        self,
        plan: &mut Plan,
        patience: Patience,
        links: Option<&dyn Links>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Placement> {
        let before = found.len();
        let (director, spans) = (&mut plan.director, &plan.places);
        let Some(first) = self.nodes.first() else {
            for entry in &self.place {
                let message = "`place` needs `nodes`, which name the processes of the flow";
                found.push(Diagnostic::new(entry.key_span, message));
            }
            return None;
        };
        let first = first.key_span;
        let nodes = nodes(self.nodes, found);
        let mut places = Assigned::default();
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
            placement.check(plan, first, found);
        }
        if let Some(links) = links {
            placement.check_links(links, found);
        }
        Some(placement)
    }
}

fn nodes(given: Vec<Entry>, found: &mut Vec<Diagnostic>) -> Vec<PlacedNode> {
    let mut nodes: Vec<PlacedNode> = Vec::new();
    for entry in given {
        for entry in fields::entries(entry.value, "`nodes`", found) {
            // The nearest file says where a node is.
            if !nodes.iter().any(|node| node.name == entry.key) {
                nodes.extend(PlacedNode::read(entry, found));
            }
        }
    }
    nodes
}

impl Placement {
    /// Finds what cannot be linked.
    fn check_links(&self, links: &dyn Links, found: &mut Vec<Diagnostic>) {
        for (index, node) in self.nodes.iter().enumerate() {
            let before = self.nodes[..index].iter();
            found.extend(before.filter_map(|before| node.same_address(before)));
            let mistakes = links.mistakes(self, node).into_iter();
            found.extend(mistakes.map(|mistake| node.diagnostic(mistake)));
        }
    }

    /// Finds what cannot work in several processes.
    fn check(&self, plan: &Plan, nodes: Span, found: &mut Vec<Diagnostic>) {
        let (wiring, spans) = (plan.director.wiring(), &plan.places);
        for mistake in self.processes().mistakes(&wiring) {
            found.push(Diagnostic::new(nodes, mistake).hint("one of the two must listen"));
        }
        for apart in groups::apart(&wiring) {
            let place = |actor| spans.of(&About::Actor(actor));
            found.push(
                Diagnostic::new(place(apart.gatherer), apart.message(&wiring))
                    .note(place(apart.maker), "the parts are made here")
                    .hint("place both in the same node; what is between them may be elsewhere"),
            );
        }
        for (index, actor) in wiring.actors.iter().enumerate() {
            let place = spans.of(&About::Actor(index));
            let shared = self
                .nodes
                .iter()
                .filter_map(|node| node.shared_with(actor, place));
            found.extend(shared);
            let node = actor.process.as_deref().and_then(|name| self.node(name));
            let Some(node) = node.filter(|node| node.replicas > 1) else {
                continue;
            };
            let span = spans.of(&About::Actor(index));
            let (name, replicas) = (&actor.name, node.replicas);
            // What could not be made may be no source.
            if plan.is_made && actor.ports.is_source() && !actor.ports.is_door() {
                let message = format!(
                    "`{name}` makes events, and each of the {replicas} replicas of node `{}` would make them all",
                    node.name
                );
                found.push(Diagnostic::new(span, message).hint("place it in a node of its own"));
            }
            if actor.ports.is_single() && !node.has_key() {
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
