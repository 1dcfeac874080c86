//! The order of nodes in their layers, so that few links cross.

use super::level::Level;

/// How often the layers are swept; less often in huge pictures, where each sweep takes long and shows little.
const SWEEPS: usize = 24;
const HUGE: usize = 60_000;

/// Orders each layer by the middle of what its nodes are linked to, forth and back, and keeps the best.
pub(crate) fn order(level: &mut Level) {
    let count = level.vertices.len();
    let (mut before, mut after) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for two in level.chains.iter().flat_map(|chain| chain.windows(2)) {
        after[two[0]].push(two[1]);
        before[two[1]].push(two[0]);
    }
    begin(level, &after);
    let mut places = vec![0; count];
    renumber(&level.layers, &mut places);
    let mut best = (crossings(level, &after, &places), level.layers.clone());
    let sweeps = if count > HUGE { 4 } else { SWEEPS };
    for sweep in 0..sweeps {
        if best.0 == 0 {
            break;
        }
        let forth = sweep % 2 == 0;
        let layers = level.layers.len();
        for turn in 1..layers {
            let layer = if forth { turn } else { layers - 1 - turn };
            let linked = if forth { &before } else { &after };
            let mut keyed: Vec<(f64, usize)> = level.layers[layer]
                .iter()
                .map(|vertex| {
                    (
                        middle(&linked[*vertex], &places).unwrap_or(places[*vertex] as f64),
                        *vertex,
                    )
                })
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (place, (_, vertex)) in keyed.iter().enumerate() {
                places[*vertex] = place;
            }
            level.layers[layer] = keyed.into_iter().map(|(_, vertex)| vertex).collect();
        }
        let crossings = crossings(level, &after, &places);
        if crossings < best.0 {
            best = (crossings, level.layers.clone());
        }
    }
    level.layers = best.1;
}

/// Puts the vertices in the order in which a walk along the links meets them.
fn begin(level: &mut Level, after: &[Vec<usize>]) {
    let mut seen = vec![false; level.vertices.len()];
    let mut roots: Vec<usize> = (0..level.items.len()).collect();
    roots.sort_by_key(|item| (level.ranks[*item], !level.items[*item].first));
    for root in roots {
        let mut open = vec![root];
        while let Some(vertex) = open.pop() {
            if std::mem::replace(&mut seen[vertex], true) {
                continue;
            }
            level.layers[level.vertices[vertex].layer].push(vertex);
            open.extend(after[vertex].iter().rev());
        }
    }
}

fn renumber(layers: &[Vec<usize>], places: &mut [usize]) {
    for layer in layers {
        for (place, vertex) in layer.iter().enumerate() {
            places[*vertex] = place;
        }
    }
}

/// Returns the mean place of what a vertex is linked to.
fn middle(linked: &[usize], places: &[usize]) -> Option<f64> {
    let sum: usize = linked.iter().map(|vertex| places[*vertex]).sum();
    (!linked.is_empty()).then(|| sum as f64 / linked.len() as f64)
}

/// Counts the crossings between all neighbouring layers.
fn crossings(level: &Level, after: &[Vec<usize>], places: &[usize]) -> usize {
    let mut crossings = 0;
    for two in level.layers.windows(2) {
        // A tree of sums over the places of the second layer, in which the ends of links so far are counted.
        let mut sums = vec![0_usize; two[1].len() + 1];
        let mut counted = 0;
        for vertex in &two[0] {
            let mut ends: Vec<usize> = after[*vertex].iter().map(|end| places[*end]).collect();
            ends.sort_unstable();
            for end in &ends {
                let mut at = end + 1;
                let mut not_beyond = 0;
                while at > 0 {
                    not_beyond += sums[at];
                    at &= at - 1;
                }
                crossings += counted - not_beyond;
            }
            for end in ends {
                let mut at = end + 1;
                while at < sums.len() {
                    sums[at] += 1;
                    at += at & at.wrapping_neg();
                }
                counted += 1;
            }
        }
    }
    crossings
}
