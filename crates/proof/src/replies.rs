//! Whether every request is answered.

use std::collections::HashSet;

use compysition_core::Wiring;
use serde::Serialize;

use crate::endless;
use crate::exits::{Ending, Exit, State, Way};
use crate::graph::Graph;
use crate::solve::{Silent, Sure};
use crate::walk::{Met, Walk};

/// Says of each door of a flow whether its requests are answered by the flow, whatever the actors choose to do.
///
/// What no wiring can promise is left out: a client that goes away, a deadline, a stop that takes too long, and what
/// exceeds the flow's limits. In all of these the engine answers.
#[derive(Clone, Debug, Serialize)]
pub struct Replies {
    /// What is known of each door, in the order of the actors.
    pub doors: Vec<Door>,
    /// Where copies of one event surely answer it more than once.
    pub twice: Vec<Twice>,
}

/// What is known of the requests of one door.
#[derive(Clone, Debug, Serialize)]
pub struct Door {
    /// The number of the door.
    pub door: usize,
    /// Whether an actor of the flow answers every request.
    pub is_answered: bool,
    /// The ends to which a request may come without an answer and without an error, each with a path.
    pub silent: Vec<Finding>,
    /// The ends at which the engine answers, with the status of an error, each with a path.
    pub failed: Vec<Finding>,
    /// How a request may go round for ever, until it has passed as many links as an event may, if nothing else keeps it from
    /// an answer.
    pub circles: Option<Finding>,
    /// The actors that requests go round between with no way out as long as nothing fails, in order.
    pub endless: Vec<usize>,
    /// What an actor does with a copy beside such a path for it to end in silence, where it can.
    pub to_silence: Vec<Step>,
    /// What an actor does with a copy beside such a path for it not to be answered by the flow, where it can.
    pub to_doubt: Vec<Step>,
}

/// A way in which a request may go unanswered.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The path from the door to the end, with what each actor does on it.
    pub steps: Vec<Step>,
    /// How the event ends.
    pub ending: Ending,
    /// The numbers of the actors to which other copies go on the way; none of them need answer. If it goes round: those
    /// that it goes round.
    pub beside: Vec<usize>,
}

/// What an actor does with an event on a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Step {
    /// The number of the actor.
    pub actor: usize,
    /// What it does.
    pub exit: Exit,
    /// The number of the link by which the path goes on; none at its end, and for links that nobody draws.
    pub link: Option<usize>,
    /// Whether the event came in with the mark of an error.
    pub marked: bool,
}

/// A place from where copies of one event surely come to an answer each.
#[derive(Clone, Debug, Serialize)]
pub struct Twice {
    /// The number of the actor that sends the copies.
    pub actor: usize,
    /// What it does.
    pub exit: Exit,
    /// The numbers of two links whose copies are answered.
    pub links: [usize; 2],
}

impl Replies {
    /// Follows the requests of each door. It takes time in proportion to the number of links for each.
    pub fn of(wiring: &Wiring) -> Replies {
        let graph = Graph::new(wiring);
        let is_door = |&number: &usize| wiring.actors[number].ports.is_door();
        let mut twice = Vec::new();
        let mut seen = HashSet::new();
        let doors = (0..wiring.actors.len()).filter(is_door);
        let doors = doors
            .map(|door| {
                let known = Requests::of(&graph, door);
                for found in known.twice() {
                    if seen.insert((found.actor, found.exit.clone())) {
                        twice.push(found);
                    }
                }
                known.door()
            })
            .collect();
        Replies { doors, twice }
    }
}

/// The requests of one door.
struct Requests<'a> {
    graph: &'a Graph<'a>,
    door: usize,
    entries: Vec<Way>,
    sure: Sure,
    silent: Silent,
}

impl<'a> Requests<'a> {
    fn of(graph: &'a Graph<'a>, door: usize) -> Requests<'a> {
        let is_answer = |state: usize| is_answer(graph, door, state);
        Requests {
            graph,
            door,
            entries: asked(graph, door),
            sure: Sure::of(graph, is_answer, |_| true, |_| true),
            silent: Silent::of(graph, is_answer),
        }
    }

    fn door(&self) -> Door {
        let sure = |way: &Way| way.hops.iter().any(|hop| self.sure.0[hop.to]);
        let is_answered = self.entries.iter().all(sure);
        if is_answered {
            return Door {
                door: self.door,
                is_answered,
                silent: Vec::new(),
                failed: Vec::new(),
                circles: None,
                endless: Vec::new(),
                to_silence: Vec::new(),
                to_doubt: Vec::new(),
            };
        }
        let may_be_silent = |way: &Way| match way.ending {
            Some(ending) => ending.is_silent(),
            None => way.hops.iter().all(|hop| self.silent.has(hop.to)),
        };
        let walk = Walk::new(self.graph, self.door, &self.entries, may_be_silent);
        let silent = self.findings(&walk, walk.ends(Ending::is_silent));
        let to_silence = self.choices(&walk, |state| self.silent.0[state]);
        let walk = Walk::new(self.graph, self.door, &self.entries, |way| !sure(way));
        let failed = self.findings(&walk, walk.ends(|ending| !ending.is_silent()));
        let is_open = silent.is_empty() && failed.is_empty();
        let way = self.entries.iter().position(|way| is_open && !sure(way));
        Door {
            door: self.door,
            is_answered,
            circles: way.map(|way| Finding {
                steps: vec![walk.step(None, way, None)],
                ending: Ending::Circles,
                beside: self.round(way),
            }),
            endless: endless::round(self.graph, &self.entries, |state| {
                is_answer(self.graph, self.door, state)
            }),
            silent,
            failed,
            to_silence,
            to_doubt: self.choices(&walk, |state| self.doubtful_way(state)),
        }
    }

    /// Returns the actors that a request may go round for ever that enters by a way from which no end can be met.
    fn round(&self, way: usize) -> Vec<usize> {
        let mut next = self.entries[way].hops.first().map(|hop| hop.to);
        let mut met: Vec<usize> = Vec::new();
        while let Some(state) = next {
            if let Some(first) = met.iter().position(|&before| before == state) {
                return met[first..]
                    .iter()
                    .map(|&state| State::of(state).actor)
                    .collect();
            }
            met.push(state);
            let way = self.doubtful_way(state);
            let hops = way.map(|way| &self.graph.ways[state][way].hops);
            next = hops.and_then(|hops| hops.first()).map(|hop| hop.to);
        }
        Vec::new()
    }

    /// Returns the way that a copy takes that is not to be answered.
    fn doubtful_way(&self, state: usize) -> Option<usize> {
        // To end in silence is the surest.
        self.silent.0[state].or_else(|| {
            let is_unsure = |way: &&Way| !way.hops.iter().any(|hop| self.sure.0[hop.to]);
            let ways = &self.graph.ways[state];
            let ends = |way: &Way| is_unsure(&way) && way.ending.is_some();
            let first = ways.iter().position(ends);
            first.or_else(|| ways.iter().position(|way| is_unsure(&way)))
        })
    }

    /// Returns what the actors do that a walk has met, by this choice of a way.
    fn choices(&self, walk: &Walk<'_>, choose: impl Fn(usize) -> Option<usize>) -> Vec<Step> {
        let met = walk.met.iter();
        met.filter_map(|&state| Some(walk.step(Some(state), choose(state)?, None)))
            .collect()
    }

    fn findings(&self, walk: &Walk<'_>, ends: Vec<Met>) -> Vec<Finding> {
        let finding = |met: Met| {
            let mut beside = Vec::new();
            for ((state, way), step) in met.gone.iter().zip(&met.steps) {
                let hops = walk.ways(*state)[*way].hops.iter();
                let others = hops.filter(|hop| hop.link != step.link);
                for actor in others.map(|hop| State::of(hop.to).actor) {
                    if !beside.contains(&actor) {
                        beside.push(actor);
                    }
                }
            }
            Finding {
                steps: met.steps,
                ending: met.ending,
                beside,
            }
        };
        ends.into_iter().map(finding).collect()
    }

    /// Finds where copies of one request surely answer it more than once, as long as nothing fails. Where copies are
    /// united again, nothing is said.
    fn twice(&self) -> Vec<Twice> {
        let graph = self.graph;
        let goes_well = |way: &Way| !way.exit.is_error();
        let is_answer = |state: usize| is_answer(graph, self.door, state);
        let unites = |state: usize| {
            graph.wiring.actors[State::of(state).actor]
                .ports
                .is_holding()
        };
        let sure = Sure::of(graph, is_answer, goes_well, |state| !unites(state));
        let walk = Walk::new(graph, self.door, &self.entries, |_| true);
        let mut found = Vec::new();
        let states = walk.met.iter().map(|&state| Some(state));
        for state in std::iter::once(None).chain(states) {
            if state.is_some_and(is_answer) {
                continue;
            }
            for way in walk.ways(state) {
                let answered = way.hops.iter().filter(|hop| sure.0[hop.to]);
                let links: Vec<usize> = answered.filter_map(|hop| hop.link).collect();
                if let [first, second, ..] = links[..] {
                    found.push(Twice {
                        actor: state.map_or(self.door, |state| State::of(state).actor),
                        exit: way.exit.clone(),
                        links: [first, second],
                    });
                }
            }
        }
        found
    }
}

/// Returns the ways of what a door waits for an answer to.
fn asked(graph: &Graph<'_>, door: usize) -> Vec<Way> {
    let ports = &graph.wiring.actors[door].ports;
    let mut entries = graph.entries(door);
    entries.retain(|way| match &way.exit {
        Exit::To(outbox) => ports.asks(Some(outbox)),
        _ => ports.asks(None),
    });
    entries
}

fn is_answer(graph: &Graph<'_>, door: usize, state: usize) -> bool {
    let actor = State::of(state).actor;
    actor == door || graph.wiring.actors[actor].is_reply
}
