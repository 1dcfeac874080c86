//! What holds on the way from a source to an end.

use compysition_core::{Port, WiredLink};
use serde::Serialize;

use crate::graph::Graph;
use crate::guarantees::Order;

/// What holds for the events of one source at one end, over all ways between them.
#[derive(Clone, Debug, Serialize)]
pub struct Route {
    /// The number of the source.
    pub source: usize,
    /// The number of the actor where events end.
    pub end: usize,
    /// In which order the events come that do not fail on the way.
    pub order: Order,
    /// The numbers of the actors that change the order.
    pub changed_by: Vec<usize>,
    /// The numbers of the actors where ways meet again, so that one way's events pass the other's.
    pub meets_at: Vec<usize>,
    /// Whether what passes it may be dropped at a best-effort link.
    pub is_lossy: bool,
}

/// Returns the routes of all sources to all ends: doors, `reply`, and actors that send no further.
pub(crate) fn of(graph: &Graph<'_>) -> Vec<Route> {
    let wiring = graph.wiring;
    let sends = |actor: usize| graph.out(actor).any(|(_, link)| link.errors.is_none());
    let is_end = |actor: usize| graph.takes_answers(actor) || !sends(actor);
    let mut inbound = vec![Vec::new(); wiring.actors.len()];
    for (number, link) in wiring.links.iter().enumerate() {
        if link.errors.is_none() {
            inbound[link.to].push(number);
        }
    }
    let ends: Vec<usize> = (0..wiring.actors.len())
        .filter(|&actor| is_end(actor))
        .collect();
    let behind: Vec<Vec<bool>> = ends
        .iter()
        .map(|&end| backwards(graph, &inbound, end))
        .collect();
    let mut routes = Vec::new();
    for source in graph.sources() {
        let before = forwards(graph, source);
        for (&end, behind) in ends.iter().zip(&behind) {
            if before[end] && (end != source || graph.takes_answers(end)) {
                routes.push(route(graph, &inbound, source, end, &before, behind));
            }
        }
    }
    routes
}

fn route(
    graph: &Graph<'_>,
    inbound: &[Vec<usize>],
    source: usize,
    end: usize,
    before: &[bool],
    behind: &[bool],
) -> Route {
    let wiring = graph.wiring;
    let is_between = |actor: usize| before[actor] && behind[actor];
    let mut route = Route {
        source,
        end,
        order: Order::Kept,
        changed_by: Vec::new(),
        meets_at: Vec::new(),
        is_lossy: false,
    };
    for (actor, inbound) in inbound.iter().enumerate() {
        let is_last = actor == end;
        if !is_last && (!is_between(actor) || actor == source) {
            continue;
        }
        let comes = |link: &&usize| {
            let from = wiring.links[**link].from;
            from == source || (is_between(from) && from != end)
        };
        let links: Vec<usize> = inbound.iter().filter(comes).copied().collect();
        route.is_lossy |= links
            .iter()
            .any(|&link| wiring.links[link].best_effort.is_some());
        // What comes together is one event then.
        let unites = wiring.actors[actor].ports.is_uniting();
        if links.len() > 1 && !unites {
            route.meets_at.push(actor);
        }
        let order = Order::of(&wiring.actors[actor]);
        if !is_last && order != Order::Kept {
            route.changed_by.push(actor);
            route.order = route.order.max(order);
        }
    }
    if !route.meets_at.is_empty() {
        route.order = Order::None;
    }
    route
}

/// Returns the actors that a source's events come to as long as they do not fail.
fn forwards(graph: &Graph<'_>, source: usize) -> Vec<bool> {
    let mut met = vec![false; graph.wiring.actors.len()];
    let mut open = vec![source];
    let mut first = true;
    while let Some(actor) = open.pop() {
        let is_start = std::mem::take(&mut first);
        if !is_start && (std::mem::replace(&mut met[actor], true) || graph.takes_answers(actor)) {
            continue;
        }
        let own = graph.wiring.actors[source].ports.own_outboxes();
        let plain = graph.out(actor).filter(|(_, link)| link.errors.is_none());
        let goes =
            plain.filter(|(_, link)| !is_start || own.is_empty() || own.contains(&link.outbox));
        open.extend(goes.map(|(_, link)| link.to));
    }
    met
}

/// Returns the actors from which events come to an end.
fn backwards(graph: &Graph<'_>, inbound: &[Vec<usize>], end: usize) -> Vec<bool> {
    let mut met = vec![false; graph.wiring.actors.len()];
    let mut open = vec![end];
    while let Some(actor) = open.pop() {
        if std::mem::replace(&mut met[actor], true) || (actor != end && graph.takes_answers(actor))
        {
            continue;
        }
        open.extend(
            inbound[actor]
                .iter()
                .map(|&link| graph.wiring.links[link].from),
        );
    }
    met
}

impl Graph<'_> {
    /// Returns whether an event that passes a link may have copies on other links at the same time.
    pub(crate) fn goes_with_others(&self, link: usize) -> bool {
        let wired = &self.wiring.links[link];
        let (from, outbox) = (&self.wiring.actors[wired.from], &wired.outbox);
        let ports = &from.ports;
        let alone = |port: &Port| ports.outboxes_aside().contains(port) || ports.is_choosing();
        let goes_with = |other: &WiredLink| match (wired.errors, other.errors) {
            (Some(own), Some(theirs)) => own == theirs,
            (None, None) if alone(outbox) || alone(&other.outbox) => other.outbox == *outbox,
            (None, None) => true,
            _ => false,
        };
        let mut others = self.out(wired.from).filter(|(number, _)| *number != link);
        others.any(|(_, other)| goes_with(other))
    }
}
