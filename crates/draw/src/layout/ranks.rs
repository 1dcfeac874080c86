//! Which links lead back, and in which layer each node stands.

use super::level::{Edge, Item, Seat};

/// Returns the layer of each item, and of each link whether it leads back.
pub(crate) fn ranks(items: &[Item], edges: &[Edge]) -> (Vec<usize>, Vec<bool>) {
    let back = leading_back(items, edges);
    // What leads back holds the layers in order as well, from its end to its beginning.
    let mut next = vec![Vec::new(); items.len()];
    let mut before = vec![0_usize; items.len()];
    for (edge, back) in edges.iter().zip(&back) {
        let (from, to) = match back {
            true => (edge.to, edge.from),
            false => (edge.from, edge.to),
        };
        if from != to {
            next[from].push(to);
            before[to] += 1;
        }
    }
    let alone: Vec<bool> = before.iter().map(|count| *count == 0).collect();
    let mut ranks = vec![0; items.len()];
    let mut ready: Vec<usize> = (0..items.len()).filter(|item| alone[*item]).collect();
    while let Some(item) = ready.pop() {
        for &to in &next[item] {
            ranks[to] = ranks[to].max(ranks[item] + 1);
            before[to] -= 1;
            if before[to] == 0 {
                ready.push(to);
            }
        }
    }
    // What nothing leads to, and is no source, stands close to what it leads to.
    for item in (0..items.len()).filter(|item| alone[*item]) {
        let closest = next[item].iter().map(|to| ranks[*to] - 1).min();
        if let (false, Seat::Anywhere, Some(rank)) = (items[item].first, items[item].seat, closest)
        {
            ranks[item] = rank;
        }
    }
    let exits = |item: &usize| items[*item].seat == Seat::Exit;
    // Exits have a layer of their own: links run from the nodes of the one before to the border.
    let inner = (0..items.len()).filter(|item| !exits(item));
    let last = inner.map(|item| ranks[item] + 1).max().unwrap_or(0);
    let pushed = (0..items.len()).filter(exits).map(|item| ranks[item]).max();
    let last = last.max(pushed.unwrap_or(0));
    for item in (0..items.len()).filter(exits) {
        ranks[item] = last;
    }
    (ranks, back)
}

/// Finds links that close a cycle: those to a door, and those to where a search in depth comes from.
fn leading_back(items: &[Item], edges: &[Edge]) -> Vec<bool> {
    let mut back: Vec<bool> = edges
        .iter()
        .map(|edge| {
            // What comes over the border of a frame comes from the left, also to a door; and between doors nothing
            // tells what is the answer.
            let from = &items[edge.from];
            let answer = items[edge.to].door && !from.door && from.seat != Seat::Entry;
            answer || edge.from == edge.to
        })
        .collect();
    let mut out = vec![Vec::new(); items.len()];
    let mut entered = vec![false; items.len()];
    for (index, edge) in edges.iter().enumerate() {
        if !back[index] {
            out[edge.from].push(index);
            entered[edge.to] = true;
        }
    }
    // What goes well is the way; errors are the way back.
    for edges_of in &mut out {
        edges_of.sort_by_key(|edge| edges[*edge].style);
    }
    let mut seen = vec![Seen::No; items.len()];
    let of_class = |class: usize| {
        let class_of = |item: usize| match &items[item] {
            Item { first: true, .. } => 0,
            _ if !entered[item] => 1,
            _ => 2,
        };
        (0..items.len()).filter(move |item| class_of(*item) == class)
    };
    for root in of_class(0).chain(of_class(1)).chain(of_class(2)) {
        if seen[root] != Seen::No {
            continue;
        }
        seen[root] = Seen::Open;
        let mut path = vec![(root, 0)];
        while let Some((item, turn)) = path.last_mut() {
            let Some(&edge) = out[*item].get(*turn) else {
                seen[*item] = Seen::Done;
                path.pop();
                continue;
            };
            *turn += 1;
            let to = edges[edge].to;
            match seen[to] {
                Seen::No => {
                    seen[to] = Seen::Open;
                    path.push((to, 0));
                }
                Seen::Open => back[edge] = true,
                Seen::Done => {}
            }
        }
    }
    back
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    No,
    Open,
    Done,
}
