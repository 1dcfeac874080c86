//! Which states are good or bad for a request, whatever the actors choose.

use crate::exits::{Ending, Way};
use crate::graph::Graph;

/// Which states surely lead to an answer.
pub(crate) struct Sure(pub(crate) Vec<bool>);

impl Sure {
    /// Finds the states from where every way has a copy that is answered: the least such set, so that what may go round
    /// for ever is not in it. Ways that do not count are taken to be never gone.
    pub(crate) fn of(
        graph: &Graph<'_>,
        is_answer: impl Fn(usize) -> bool,
        counts: impl Fn(&Way) -> bool,
        may_answer: impl Fn(usize) -> bool,
    ) -> Sure {
        let mut sure = vec![false; graph.ways.len()];
        let open = |ways: &Vec<Way>| ways.iter().filter(|way| counts(way)).count();
        let mut left: Vec<usize> = graph.ways.iter().map(open).collect();
        let mut done: Vec<Vec<bool>> = graph
            .ways
            .iter()
            .map(|ways| vec![false; ways.len()])
            .collect();
        let mut queue: Vec<usize> = (0..sure.len()).filter(|&state| is_answer(state)).collect();
        while let Some(state) = queue.pop() {
            if std::mem::replace(&mut sure[state], true) {
                continue;
            }
            for &(before, number) in &graph.before[state] {
                if is_answer(before) || !may_answer(before) || !counts(&graph.ways[before][number])
                {
                    continue;
                }
                if !std::mem::replace(&mut done[before][number], true) {
                    left[before] -= 1;
                    if left[before] == 0 {
                        queue.push(before);
                    }
                }
            }
        }
        Sure(sure)
    }
}

/// Which states may end in silence, and by which way.
pub(crate) struct Silent(pub(crate) Vec<Option<usize>>);

impl Silent {
    /// Finds the states with a way of whose copies each may end in silence. The way noted of each leads only to states that
    /// were found before it, so that whoever follows it comes to an end.
    pub(crate) fn of(graph: &Graph<'_>, is_answer: impl Fn(usize) -> bool) -> Silent {
        let count = |ways: &Vec<Way>| ways.iter().map(|way| way.hops.len()).collect::<Vec<_>>();
        let mut left: Vec<Vec<usize>> = graph.ways.iter().map(count).collect();
        let mut way_of = vec![None; graph.ways.len()];
        let mut queue = std::collections::VecDeque::new();
        for (state, ways) in graph.ways.iter().enumerate() {
            let ends = |way: &Way| way.ending.is_some_and(Ending::is_silent);
            if let Some(number) = ways.iter().position(ends).filter(|_| !is_answer(state)) {
                way_of[state] = Some(number);
                queue.push_back(state);
            }
        }
        while let Some(state) = queue.pop_front() {
            for &(before, number) in &graph.before[state] {
                left[before][number] -= 1;
                if left[before][number] == 0 && way_of[before].is_none() && !is_answer(before) {
                    way_of[before] = Some(number);
                    queue.push_back(before);
                }
            }
        }
        Silent(way_of)
    }

    pub(crate) fn has(&self, state: usize) -> bool {
        self.0[state].is_some()
    }
}
