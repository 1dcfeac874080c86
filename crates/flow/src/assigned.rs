//! Which actors each node of a flow runs: `place`.

use std::collections::HashMap;
use std::sync::Arc;

use compysition_core::{About, Director, Wiring};

use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::node::{Content, Entry};
use crate::placed_node::PlacedNode;
use crate::places::Places;
use crate::source::Span;
use crate::suggest;

/// Which node each actor was given to.
#[derive(Default)]
pub(crate) struct Assigned {
    taken: HashMap<String, (Arc<str>, Span)>,
    /// The node that runs all others.
    rest: Option<(Arc<str>, Span)>,
}

impl Assigned {
    /// Takes what one file says.
    pub(crate) fn read(
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

    /// Places the actors.
    pub(crate) fn set(self, director: &mut Director, spans: &Places, found: &mut Vec<Diagnostic>) {
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
                    // What there is not need not be placed.
                    Diagnostic::new(span, message).hint(hint).report(found);
                }
            }
        }
    }
}
