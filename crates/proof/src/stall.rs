//! What happens to a flow if one of its actors consumes no more.

use std::time::Duration;

use compysition_core::Wiring;
use serde::Serialize;

use crate::exits::{State, Way};
use crate::graph::Graph;
use crate::shares;
use crate::solve::Sure;

/// Says what stops if one actor takes no more events, and when.
///
/// What reaches the actor waits there, and keeps the permit of its root. A source without permits left stops; what does not
/// come near the actor goes on.
#[derive(Clone, Debug, Serialize)]
pub struct Stall {
    /// The number of the actor.
    pub actor: usize,
    /// How long it may take for one event: then nothing waits for good.
    pub timeout: Option<Duration>,
    /// What becomes of each source, in the order of the actors.
    pub sources: Vec<Effect>,
    /// The best-effort links before it: what is behind them stops nobody.
    pub cuts: Vec<Cut>,
    /// The numbers of the actors that get no more events, the actor itself left out.
    pub idle: Vec<usize>,
    /// The numbers of the links into it that, as best-effort links, would keep the sources going.
    pub could_cut: Vec<usize>,
    /// Whether requests may be answered behind it, which they would not be behind a best-effort link.
    pub answers: bool,
}

/// What becomes of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// The number of the source.
    pub source: usize,
    /// How many of its events may be under way at the same time.
    pub share: usize,
    /// What it does.
    pub does: Does,
}

/// What a source does while an actor is stalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// It goes on.
    GoesOn,
    /// It stops after exactly as many events as its share, if none of them fails before.
    Stops,
    /// It stops after at least as many as its share: what is held on the way has no permit meanwhile.
    StopsLater,
    /// It stops when as many of its events as its share have come to the actor; others pass by it.
    MayStop,
    /// It goes on, as long as not as many of its events as its share fail and come to the actor.
    GoesOnIfWell,
}

/// A best-effort link that drops what would wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// The number of the link.
    pub link: usize,
    /// How many events may be behind it.
    pub queue: usize,
}

impl Stall {
    /// Follows the events of each source to the actor of this number. There is nothing to say of doors and of `reply`, which
    /// take answers and cannot stall.
    pub fn of(wiring: &Wiring, actor: usize) -> Option<Stall> {
        let graph = Graph::new(wiring);
        if graph.takes_answers(actor) {
            return None;
        }
        let timeout = wiring.actors[actor].timeout;
        let before = Before::of(&graph, actor);
        let effect = |source| before.effect(source);
        let sources: Vec<Effect> = graph.sources().map(effect).collect();
        let answers = graph
            .reach([actor], |_| true)
            .iter()
            .enumerate()
            .any(|(other, met)| *met && graph.takes_answers(other));
        let inbound = wiring.links.iter().enumerate();
        let could_cut = inbound
            .filter(|(_, link)| {
                link.to == actor && link.best_effort.is_none() && link.errors.is_none()
            })
            .map(|(number, _)| number)
            .collect();
        Some(Stall {
            actor,
            timeout,
            cuts: before.cuts(),
            idle: before.idle(&sources),
            could_cut,
            answers,
            sources,
        })
    }
}

/// What leads to the actor.
struct Before<'a> {
    graph: &'a Graph<'a>,
    actor: usize,
    /// The states from which every event surely comes to it, if it does not fail.
    sure: Sure,
}

impl<'a> Before<'a> {
    fn of(graph: &'a Graph<'a>, actor: usize) -> Before<'a> {
        let is_it = |state: usize| State::of(state).actor == actor;
        Before {
            graph,
            actor,
            sure: Sure::of(graph, is_it, |way| !way.exit.is_error(), |_| true),
        }
    }

    fn effect(&self, source: usize) -> Effect {
        let (graph, wiring) = (self.graph, self.graph.wiring);
        let entries = graph.entries(source);
        let comes = |counts: &dyn Fn(&Way) -> bool| {
            let first = entries.iter().filter(|way| counts(way));
            let first: Vec<usize> = first.flat_map(|way| &way.hops).map(|hop| hop.to).collect();
            states(graph, &first, counts, self.actor)
        };
        let meets =
            |met: &[bool]| (0..State::EACH).any(|state| met[self.actor * State::EACH + state]);
        let well = comes(&|way| !way.exit.is_error());
        let is_sure = entries
            .iter()
            .all(|way| way.hops.iter().any(|hop| self.sure.0[hop.to]));
        let does = match () {
            () if wiring.actors[self.actor].timeout.is_some() => Does::GoesOn,
            // The log drops what finds no room.
            () if wiring.actors[source].ports.has_own_share() => Does::GoesOn,
            () if is_sure && self.is_held_before(&well) => Does::StopsLater,
            () if is_sure => Does::Stops,
            () if meets(&well) => Does::MayStop,
            () if meets(&comes(&|_| true)) => Does::GoesOnIfWell,
            () => Does::GoesOn,
        };
        Effect {
            source,
            share: shares::roots(wiring, &wiring.actors[source]),
            does,
        }
    }

    /// Returns whether an actor that was met holds events.
    fn is_held_before(&self, met: &[bool]) -> bool {
        let holds = |actor: usize| {
            actor != self.actor && self.graph.wiring.actors[actor].ports.is_holding()
        };
        (0..met.len()).any(|state| met[state] && holds(State::of(state).actor))
    }

    fn cuts(&self) -> Vec<Cut> {
        let links = self.graph.wiring.links.iter().enumerate();
        links
            .filter_map(|(number, link)| {
                let queue = link.best_effort.as_ref()?.queue;
                let leads = self.graph.reach([link.to], |_| true)[self.actor];
                leads.then_some(Cut {
                    link: number,
                    queue,
                })
            })
            .collect()
    }

    /// Returns the actors that are met only behind the stalled one, or only by sources that stop.
    fn idle(&self, sources: &[Effect]) -> Vec<usize> {
        let stops = |effect: &&Effect| matches!(effect.does, Does::Stops | Does::StopsLater);
        let going = sources
            .iter()
            .filter(|effect| !stops(effect))
            .map(|effect| effect.source);
        let is_stalled =
            |actor: usize| actor == self.actor && self.graph.wiring.actors[actor].timeout.is_none();
        let fed = self.graph.reach(going, |actor| !is_stalled(actor));
        let actors = self.graph.wiring.actors.iter().enumerate();
        actors
            .filter(|(number, actor)| {
                !fed[*number] && *number != self.actor && !actor.ports.is_source()
            })
            .map(|(number, _)| number)
            .collect()
    }
}

/// Returns which states are met from some, by ways that count, and not through one actor.
fn states(
    graph: &Graph<'_>,
    first: &[usize],
    counts: &dyn Fn(&Way) -> bool,
    not_through: usize,
) -> Vec<bool> {
    let mut met = vec![false; graph.ways.len()];
    let mut open = first.to_vec();
    while let Some(state) = open.pop() {
        if std::mem::replace(&mut met[state], true) || State::of(state).actor == not_through {
            continue;
        }
        let ways = graph.ways[state].iter().filter(|way| counts(way));
        open.extend(ways.flat_map(|way| &way.hops).map(|hop| hop.to));
    }
    met
}
