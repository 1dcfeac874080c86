//! Where a request goes round with no way out.

use crate::exits::{State, Way};
use crate::graph::Graph;

/// Finds actors that events go round between, from where nothing leads to an end as long as nothing fails. They are in the
/// order in which an event comes to them; none, if there are none that these ways lead to.
pub(crate) fn round(
    graph: &Graph<'_>,
    entries: &[Way],
    is_answer: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let ends = ends(graph, &is_answer);
    let mut met = vec![false; ends.len()];
    let mut open: Vec<usize> = hops(entries).collect();
    while let Some(state) = open.pop() {
        if std::mem::replace(&mut met[state], true) || is_answer(state) {
            continue;
        }
        if !ends[state] {
            return actors(graph, state);
        }
        open.extend(hops(&graph.ways[state]));
    }
    Vec::new()
}

/// Returns from which states an end can be met without a failure.
fn ends(graph: &Graph<'_>, is_answer: impl Fn(usize) -> bool) -> Vec<bool> {
    let is_end = |state: &usize| {
        is_answer(*state) || well(&graph.ways[*state]).any(|way| way.ending.is_some())
    };
    let mut ends = vec![false; graph.ways.len()];
    let mut open: Vec<usize> = (0..ends.len()).filter(is_end).collect();
    while let Some(state) = open.pop() {
        if std::mem::replace(&mut ends[state], true) {
            continue;
        }
        let before = graph.before[state].iter();
        let goes_well = |&&(before, way): &&(usize, usize)| {
            let way: &Way = &graph.ways[before][way];
            !way.exit.is_error()
        };
        open.extend(before.filter(goes_well).map(|&(before, _)| before));
    }
    ends
}

/// Follows the first way from a state that has no way out, until it comes round.
fn actors(graph: &Graph<'_>, first: usize) -> Vec<usize> {
    let mut states = vec![first];
    let mut state = first;
    while let Some(next) = hops(&graph.ways[state]).next() {
        if let Some(start) = states.iter().position(|&known| known == next) {
            states.drain(..start);
            break;
        }
        states.push(next);
        state = next;
    }
    let mut actors: Vec<usize> = states
        .into_iter()
        .map(|state| State::of(state).actor)
        .collect();
    actors.dedup();
    actors
}

fn well(ways: &[Way]) -> impl Iterator<Item = &Way> {
    ways.iter().filter(|way| !way.exit.is_error())
}

fn hops(ways: &[Way]) -> impl Iterator<Item = usize> {
    well(ways).flat_map(|way| way.hops.iter().map(|hop| hop.to))
}
