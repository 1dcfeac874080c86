//! Where on the side of a node each link leaves it, and arrives.

use std::collections::BTreeMap;

use super::lanes::Lanes;
use super::level::Level;
use crate::picture::Style;

/// From one port to the next: a label fits between.
const STEP: f64 = 18.0;
/// From one port where links arrive to the next.
const IN_STEP: f64 = 14.0;

/// A place on the side of a node in the making: how far down its links lead, how much it is the main one, and its links.
struct Group {
    towards: f64,
    main: u8,
    edges: Vec<usize>,
}

/// Gives links their places on the sides, and makes nodes as high as these need.
pub(crate) fn place(level: &mut Level, lanes: &Lanes) {
    let mut places = vec![0.0; level.vertices.len()];
    for layer in &level.layers {
        for (place, vertex) in layer.iter().enumerate() {
            places[*vertex] = place as f64;
        }
    }
    let count = level.items.len();
    let mut out: Vec<BTreeMap<usize, Group>> = (0..count).map(|_| BTreeMap::new()).collect();
    let mut into: Vec<BTreeMap<(bool, usize), Group>> =
        (0..count).map(|_| BTreeMap::new()).collect();
    for (index, edge) in level.edges.iter().enumerate() {
        let side = lanes.side_of(index);
        let chain = &level.chains[index];
        let (first, last) = match side {
            Some(side) => {
                // The innermost lane is the closest to the corner, so that none crosses another.
                let inwards = lanes.bundle_of(index).unwrap_or(0) as f64;
                let towards = side * (1e6 - inwards);
                (towards, towards)
            }
            None => (places[chain[1]], places[chain[chain.len() - 2]]),
        };
        let main = match edge.style {
            Style::Plain if side.is_none() && edge.label == 0.0 => 2,
            Style::Plain if side.is_none() => 1,
            _ => 0,
        };
        let group = |towards| Group {
            towards,
            main,
            edges: Vec::new(),
        };
        if lanes.leaves_at_side(index) {
            // What leads forward and what leads back never share a place: their ways part at once.
            let key = edge.port * 2 + usize::from(side.is_some());
            let group = out[edge.from].entry(key).or_insert_with(|| group(first));
            group.edges.push(index);
        }
        if lanes.arrives_at_side(index) {
            let key = match lanes.bundle_of(index) {
                Some(bundle) => (true, bundle),
                None => (false, edge.style as usize),
            };
            let group = into[edge.to].entry(key).or_insert_with(|| group(last));
            group.edges.push(index);
        }
    }
    for item in 0..count {
        if level.items[item].fixed {
            continue;
        }
        let reach_out = spread(out[item].values(), STEP, &mut level.leaves);
        let reach_in = spread(into[item].values(), IN_STEP, &mut level.arrives);
        let needed = 2.0 * reach_out.max(reach_in) + 24.0;
        level.vertices[item].height = level.vertices[item].height.max(needed);
    }
    for (index, edge) in level.edges.iter().enumerate() {
        if level.items[edge.from].fixed {
            level.leaves[index] = edge.from_at;
        }
        if level.items[edge.to].fixed {
            level.arrives[index] = edge.to_at;
        }
    }
}

/// Spreads places around the middle of a side, a single main one in the middle; returns how far they reach.
fn spread<'a>(groups: impl Iterator<Item = &'a Group>, step: f64, places: &mut [f64]) -> f64 {
    let mut groups: Vec<&Group> = groups.collect();
    groups.sort_by(|a, b| a.towards.total_cmp(&b.towards));
    let most = groups.iter().map(|group| group.main).max().unwrap_or(0);
    let mut main = groups
        .iter()
        .enumerate()
        .filter(|(_, group)| group.main == most);
    let centre = match (main.next(), main.next()) {
        (Some((only, _)), None) if most > 0 => only as f64,
        _ => (groups.len().saturating_sub(1)) as f64 / 2.0,
    };
    let mut reach = 0.0_f64;
    for (place, group) in groups.iter().enumerate() {
        let offset = (place as f64 - centre) * step;
        reach = reach.max(offset.abs());
        for edge in &group.edges {
            places[*edge] = offset;
        }
    }
    reach
}
