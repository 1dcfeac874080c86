//! The heights of nodes in their layers: as close to what they are linked to as the order allows.

use super::level::{Level, Seat};
use crate::picture::Style;

const SWEEPS: usize = 16;
const HUGE: usize = 60_000;

/// A neighbour as it wants a vertex to be placed: how much, whose height, and how far from that.
struct Pull {
    weight: u8,
    other: usize,
    offset: f64,
}

/// Gives each vertex its height.
pub(crate) fn place(level: &mut Level) {
    let count = level.vertices.len();
    let mut before: Vec<Vec<Pull>> = (0..count).map(|_| Vec::new()).collect();
    let mut after: Vec<Vec<Pull>> = (0..count).map(|_| Vec::new()).collect();
    for (edge, chain) in level.chains.iter().enumerate() {
        for two in chain.windows(2) {
            let (one, two) = (two[0], two[1]);
            let offset = level.leave_at(edge, one) - level.arrive_at(edge, two);
            let weight = match (level.vertices[one].item, level.vertices[two].item) {
                (None, None) => 3,
                _ if level.edges[edge].style == Style::Plain && level.edges[edge].label == 0.0 => 3,
                _ if level.edges[edge].style == Style::Plain => 2,
                _ => 1,
            };
            before[two].push(Pull {
                weight,
                other: one,
                offset,
            });
            after[one].push(Pull {
                weight,
                other: two,
                offset: -offset,
            });
        }
    }
    stack(level);
    let layers = level.layers.len();
    let sweeps = if count > HUGE { 4 } else { SWEEPS };
    for sweep in 0..sweeps {
        for turn in 1..layers {
            match sweep % 2 {
                0 => settle(level, layers - 1 - turn, &after),
                _ => settle(level, turn, &before),
            }
        }
    }
}

/// Puts each layer as tightly as it may be, around the same height.
fn stack(level: &mut Level) {
    for layer in 0..level.layers.len() {
        let mut offsets = offsets(level, layer);
        let middle = offsets.last().map_or(0.0, |last| last / 2.0);
        for (vertex, offset) in level.layers[layer].iter().zip(&mut offsets) {
            level.vertices[*vertex].y = *offset - middle;
        }
    }
}

/// Moves the vertices of a layer as close as may be to where their links want them.
fn settle(level: &mut Level, layer: usize, pulls: &[Vec<Pull>]) {
    let offsets = offsets(level, layer);
    // Without the distances that must be, what is wanted has to be in rising order: where it is not, vertices form a block
    // around their common mean.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (vertex, offset) in level.layers[layer].iter().zip(&offsets) {
        let wanted = wanted(level, &pulls[*vertex]);
        // The way that goes well is to be straight, before all others.
        let weight = match wanted {
            Some((3, _)) if is_node(level, *vertex) => 1e6,
            Some((2, _)) => 20.0,
            Some(_) => 1.0,
            None => 0.01,
        };
        let wanted = wanted.map_or(level.vertices[*vertex].y, |(_, y)| y) - offset;
        let mut block = (wanted * weight, weight, 1);
        while let Some(last) = blocks.pop() {
            if last.0 / last.1 <= block.0 / block.1 {
                blocks.push(last);
                break;
            }
            block = (last.0 + block.0, last.1 + block.1, last.2 + block.2);
        }
        blocks.push(block);
    }
    let heights = blocks
        .iter()
        .flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, *count));
    for ((vertex, offset), height) in level.layers[layer].iter().zip(&offsets).zip(heights) {
        level.vertices[*vertex].y = height + offset;
    }
}

/// Returns how much those pull that pull the most, and the height in the middle of them.
fn wanted(level: &Level, pulls: &[Pull]) -> Option<(u8, f64)> {
    let most = pulls.iter().map(|pull| pull.weight).max()?;
    let strong = pulls.iter().filter(|pull| pull.weight == most);
    let mut heights: Vec<f64> = strong
        .map(|pull| level.vertices[pull.other].y + pull.offset)
        .collect();
    heights.sort_by(f64::total_cmp);
    let half = heights.len() / 2;
    Some((
        most,
        (heights[half] + heights[(heights.len() - 1) / 2]) / 2.0,
    ))
}

/// Returns how far each vertex of a layer is below the first one at least.
fn offsets(level: &Level, layer: usize) -> Vec<f64> {
    let vertices = &level.layers[layer];
    let mut sum = 0.0;
    let mut offsets = Vec::with_capacity(vertices.len());
    for (place, &vertex) in vertices.iter().enumerate() {
        if let Some(&above) = place.checked_sub(1).and_then(|above| vertices.get(above)) {
            let halves = level.vertices[vertex].height + level.vertices[above].height;
            sum += halves / 2.0 + gap(level, above, vertex);
        }
        offsets.push(sum);
    }
    offsets
}

fn gap(level: &Level, above: usize, below: usize) -> f64 {
    match (is_node(level, above), is_node(level, below)) {
        (true, true) => 26.0,
        (false, false) => 12.0,
        _ => 18.0,
    }
}

/// Tells whether a vertex is no mere part of a line.
fn is_node(level: &Level, vertex: usize) -> bool {
    let item = level.vertices[vertex].item;
    item.is_some_and(|item| level.items[item].seat == Seat::Anywhere)
}
