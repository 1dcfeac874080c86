//! Shortest paths from a door to the ends that an event of its may come to.

use std::collections::{HashSet, VecDeque};

use crate::exits::{Ending, Exit, State, Way};
use crate::graph::Graph;
use crate::replies::Step;

/// Where a walk came from: a state, or the door itself, and the number of its way and hop.
#[derive(Clone, Copy)]
struct Came {
    from: Option<usize>,
    way: usize,
    hop: usize,
}

/// A walk from a door over those ways that are open.
pub(crate) struct Walk<'a> {
    graph: &'a Graph<'a>,
    door: usize,
    entries: &'a [Way],
    came: Vec<Option<Came>>,
    /// The states that were met, the nearest first.
    pub(crate) met: Vec<usize>,
}

/// An end that a walk came to.
pub(crate) struct Met {
    pub(crate) ending: Ending,
    pub(crate) steps: Vec<Step>,
    /// The ways that were gone, with their states; none for the door.
    pub(crate) gone: Vec<(Option<usize>, usize)>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        graph: &'a Graph<'a>,
        door: usize,
        entries: &'a [Way],
        is_open: impl Fn(&Way) -> bool,
    ) -> Walk<'a> {
        let mut walk = Walk {
            graph,
            door,
            entries,
            came: vec![None; graph.ways.len()],
            met: Vec::new(),
        };
        let mut queue = VecDeque::new();
        walk.enter(None, entries, &is_open, &mut queue);
        while let Some(state) = queue.pop_front() {
            walk.met.push(state);
            walk.enter(Some(state), &graph.ways[state], &is_open, &mut queue);
        }
        walk
    }

    fn enter(
        &mut self,
        from: Option<usize>,
        ways: &[Way],
        is_open: &impl Fn(&Way) -> bool,
        queue: &mut VecDeque<usize>,
    ) {
        for (way, open) in ways.iter().enumerate().filter(|(_, way)| is_open(way)) {
            for (hop, next) in open.hops.iter().enumerate() {
                let came = &mut self.came[next.to];
                if came.is_none() {
                    *came = Some(Came { from, way, hop });
                    queue.push_back(next.to);
                }
            }
        }
    }

    /// Returns the ends that were met, each once, with the shortest path.
    pub(crate) fn ends(&self, is_wanted: impl Fn(Ending) -> bool) -> Vec<Met> {
        let mut seen: HashSet<(usize, &Exit, Ending)> = HashSet::new();
        let mut ends = Vec::new();
        let states = self.met.iter().map(|&state| Some(state));
        for state in std::iter::once(None).chain(states) {
            for (number, way) in self.ways(state).iter().enumerate() {
                let Some(ending) = way.ending.filter(|&ending| is_wanted(ending)) else {
                    continue;
                };
                if seen.insert((self.actor(state), &way.exit, ending)) {
                    ends.push(self.path(state, number, ending));
                }
            }
        }
        ends
    }

    pub(crate) fn ways(&self, state: Option<usize>) -> &'a [Way] {
        match state {
            Some(state) => &self.graph.ways[state],
            None => self.entries,
        }
    }

    fn actor(&self, state: Option<usize>) -> usize {
        state.map_or(self.door, |state| State::of(state).actor)
    }

    fn path(&self, last: Option<usize>, way: usize, ending: Ending) -> Met {
        let mut gone = vec![(last, way)];
        let mut steps = vec![self.step(last, way, None)];
        let mut at = last;
        while let Some(came) = at.and_then(|state| self.came[state]) {
            gone.push((came.from, came.way));
            steps.push(self.step(came.from, came.way, Some(came.hop)));
            at = came.from;
        }
        gone.reverse();
        steps.reverse();
        Met {
            ending,
            steps,
            gone,
        }
    }

    pub(crate) fn step(&self, state: Option<usize>, way: usize, hop: Option<usize>) -> Step {
        let gone = &self.ways(state)[way];
        Step {
            actor: self.actor(state),
            exit: gone.exit.clone(),
            link: hop.and_then(|hop| gone.hops[hop].link),
            marked: state.is_some_and(|state| State::of(state).marked),
        }
    }
}
