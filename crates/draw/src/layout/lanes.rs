//! Links that lead back: out of their node, along a lane above or below everything between, and into the node where
//! they began. Those of one kind to one node share a lane.

use std::collections::BTreeMap;

use super::level::{Column, Level, MARGIN, TRACK};
use super::placed::Placed;
use crate::geometry::{Path, Point, at};
use crate::picture::Style;

/// From one place on a node's lower or upper side to the next.
const FOOT: f64 = 16.0;
const RADIUS: f64 = 9.0;

/// The bundles that arrive at and leave the lower (or upper) side of an item.
type Feet = BTreeMap<(usize, bool), (Vec<usize>, Vec<usize>)>;

/// All lanes of a level.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    bundles: Vec<Bundle>,
    /// The bundle of each link that leads back, and how it leaves its node.
    of_edge: Vec<Option<(usize, Exit)>>,
    /// How many tracks there are behind each layer, and before it.
    out: Vec<usize>,
    into: Vec<usize>,
}

/// The links that share a lane, to one node.
#[derive(Debug)]
struct Bundle {
    to: usize,
    below: bool,
    style: Style,
    edges: Vec<usize>,
    first_layer: usize,
    last_layer: usize,
    entry: Entry,
}

/// How a link leaves its node: towards the lane, or at the right side and along a track.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Exit {
    Foot(f64),
    Track(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Entry {
    Foot(f64),
    Track(usize),
}

impl Lanes {
    /// Bundles what leads back, and chooses where it leaves and arrives.
    pub(crate) fn new(level: &Level) -> Lanes {
        let layers = level.layers.len();
        let mut lanes = Lanes {
            bundles: Vec::new(),
            of_edge: vec![None; level.edges.len()],
            out: vec![0; layers],
            into: vec![0; layers],
        };
        lanes.bundle(level);
        // At the ends of a layer a node has its lower or upper side free.
        let mut feet: Feet = BTreeMap::new();
        let mut exits: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for index in 0..lanes.bundles.len() {
            let Bundle {
                to,
                below,
                first_layer,
                ..
            } = lanes.bundles[index];
            let free = |item| is_at_end(level, item, below);
            if free(to) {
                feet.entry((to, below)).or_default().0.push(index);
            } else {
                let track = &mut lanes.into[first_layer];
                *track += 1;
                lanes.bundles[index].entry = Entry::Track(*track - 1);
            }
            let bundle = &lanes.bundles[index];
            for &edge in &bundle.edges {
                let link = &level.edges[edge];
                let by_foot =
                    link.style != Style::Plain && link.label == 0.0 && link.from != link.to;
                if by_foot && free(link.from) {
                    let of_item = feet.entry((link.from, below)).or_default();
                    if of_item.1.last() != Some(&index) {
                        of_item.1.push(index);
                    }
                    continue;
                }
                let layer = level.ranks[link.from];
                let track = *exits.entry((index, layer)).or_insert_with(|| {
                    lanes.out[layer] += 1;
                    lanes.out[layer] - 1
                });
                lanes.of_edge[edge] = Some((index, Exit::Track(track)));
            }
        }
        lanes.set_feet(level, &feet);
        lanes
    }

    fn bundle(&mut self, level: &Level) {
        let mut keys = BTreeMap::new();
        for (edge, link) in level
            .edges
            .iter()
            .enumerate()
            .filter(|(edge, _)| level.back[*edge])
        {
            let below = link.answers || level.items[link.to].door || link.style == Style::Error;
            // The ports of a frame are where they are, so each link into one has a lane of its own.
            let own = if level.items[link.to].fixed {
                edge + 1
            } else {
                0
            };
            let key = (link.to, below, link.style, own);
            let bundle = *keys.entry(key).or_insert_with(|| {
                self.bundles.push(Bundle {
                    to: link.to,
                    below,
                    style: link.style,
                    edges: Vec::new(),
                    first_layer: level.ranks[link.to],
                    last_layer: 0,
                    entry: Entry::Foot(0.0),
                });
                self.bundles.len() - 1
            });
            let bundle = &mut self.bundles[bundle];
            bundle.edges.push(edge);
            bundle.last_layer = bundle.last_layer.max(level.ranks[link.from]);
        }
        // Short ones lie inside of long ones; of equal ones answers lie outside.
        self.bundles.sort_by_key(|bundle| {
            let span = bundle.last_layer - bundle.first_layer;
            (span, std::cmp::Reverse(bundle.style), bundle.to)
        });
        for (index, bundle) in self.bundles.iter().enumerate() {
            for edge in &bundle.edges {
                self.of_edge[*edge] = Some((index, Exit::Foot(0.0)));
            }
        }
    }

    /// Spreads what arrives at and leaves a lower or upper side, so that nothing of it crosses.
    fn set_feet(&mut self, level: &Level, feet: &Feet) {
        for (&(item, _), (arriving, leaving)) in feet {
            let count = arriving.len() + leaving.len();
            let room = level.items[item].width - 44.0;
            let step = FOOT.min(room.max(0.0) / count.max(2) as f64);
            let place = |n: usize| (n as f64 - (count - 1) as f64 / 2.0) * step;
            for (n, bundle) in arriving.iter().rev().enumerate() {
                self.bundles[*bundle].entry = Entry::Foot(place(n));
            }
            for (n, bundle) in leaving.iter().enumerate() {
                for &edge in &self.bundles[*bundle].edges {
                    let own = level.edges[edge].from == item;
                    if let (true, Some((_, exit @ Exit::Foot(_)))) = (own, &mut self.of_edge[edge])
                    {
                        *exit = Exit::Foot(place(arriving.len() + n));
                    }
                }
            }
        }
    }

    /// Returns how many tracks there are before a layer.
    pub(crate) fn tracks_in(&self, layer: usize) -> usize {
        self.into[layer]
    }

    /// Returns how many tracks there are behind a layer.
    pub(crate) fn tracks_out(&self, layer: usize) -> usize {
        self.out[layer]
    }

    /// Returns -1 if the lane of a link is above, 1 if below; none if the link leads forward.
    pub(crate) fn side_of(&self, edge: usize) -> Option<f64> {
        let (bundle, _) = self.of_edge[edge]?;
        Some(if self.bundles[bundle].below {
            1.0
        } else {
            -1.0
        })
    }

    pub(crate) fn bundle_of(&self, edge: usize) -> Option<usize> {
        self.of_edge[edge].map(|(bundle, _)| bundle)
    }

    pub(crate) fn leaves_at_side(&self, edge: usize) -> bool {
        !matches!(self.of_edge[edge], Some((_, Exit::Foot(_))))
    }

    pub(crate) fn arrives_at_side(&self, edge: usize) -> bool {
        let bundle = self.bundle_of(edge);
        bundle.is_none_or(|bundle| matches!(self.bundles[bundle].entry, Entry::Track(_)))
    }

    /// Draws all that leads back.
    pub(crate) fn draw(&self, level: &Level, columns: &[Column], placed: &mut Placed) {
        let (mut tops, mut bottoms) =
            (vec![f64::MAX; columns.len()], vec![f64::MIN; columns.len()]);
        for vertex in &level.vertices {
            let (layer, half) = (vertex.layer, vertex.height / 2.0);
            tops[layer] = tops[layer].min(vertex.y - half);
            bottoms[layer] = bottoms[layer].max(vertex.y + half);
        }
        for (index, bundle) in self.bundles.iter().enumerate() {
            let layers = bundle.first_layer..=bundle.last_layer;
            let height = match bundle.below {
                true => {
                    bottoms[layers.clone()]
                        .iter()
                        .fold(f64::MIN, |a, b| a.max(*b))
                        + MARGIN
                }
                false => tops[layers.clone()].iter().fold(f64::MAX, |a, b| a.min(*b)) - MARGIN,
            };
            let edge_of_rest = if bundle.below {
                &mut bottoms
            } else {
                &mut tops
            };
            edge_of_rest[layers].fill(height);
            self.draw_bundle(index, height, level, columns, placed);
        }
    }

    fn draw_bundle(
        &self,
        index: usize,
        lane: f64,
        level: &Level,
        columns: &[Column],
        placed: &mut Placed,
    ) {
        let bundle = &self.bundles[index];
        let target = placed.items[bundle.to];
        let side = if bundle.below {
            target.bottom()
        } else {
            target.y
        };
        let entry = match bundle.entry {
            Entry::Foot(offset) => {
                let x = target.x + target.width / 2.0 + offset;
                vec![at(x, lane), at(x, side)]
            }
            Entry::Track(track) => {
                let x = columns[bundle.first_layer].left - 12.0 - track as f64 * TRACK;
                let y = level.vertices[bundle.to].y + level.arrives[bundle.edges[0]];
                vec![at(x, lane), at(x, y), at(target.x, y)]
            }
        };
        let begin = |edge: usize| -> Vec<Point> {
            let from = level.edges[edge].from;
            let source = placed.items[from];
            match self.of_edge[edge] {
                Some((_, Exit::Track(track))) => {
                    let x = columns[level.ranks[from]].tracks + 8.0 + track as f64 * TRACK;
                    let y = level.vertices[from].y + level.leaves[edge];
                    vec![at(source.right(), y), at(x, y), at(x, lane)]
                }
                Some((_, Exit::Foot(offset))) => {
                    let side = if bundle.below {
                        source.bottom()
                    } else {
                        source.y
                    };
                    let x = source.x + source.width / 2.0 + offset;
                    vec![at(x, side), at(x, lane)]
                }
                None => Vec::new(),
            }
        };
        let begins: Vec<(usize, Vec<Point>)> = bundle
            .edges
            .iter()
            .map(|edge| (*edge, begin(*edge)))
            .collect();
        // Of those on the same track the farthest from the lane draws it, and of all the one farthest to the right draws the lane.
        let farness = |points: &[Point]| points.first().map_or(0.0, |point| (point.y - lane).abs());
        let column = |points: &[Point]| points.last().map_or(0.0, |point| point.x);
        let before = |a: &[Point], b: &[Point]| {
            let by_column = column(b).total_cmp(&column(a));
            by_column.then(farness(b).total_cmp(&farness(a)))
        };
        let mut sorted = begins;
        sorted.sort_by(|a, b| before(&a.1, &b.1));
        let mut last_column = None;
        for (place, (edge, mut points)) in sorted.into_iter().enumerate() {
            let here = column(&points);
            if place == 0 {
                points.extend(&entry);
            } else {
                placed.whole[edge] = false;
                if last_column == Some(here) {
                    // It joins the track where it meets it.
                    points.truncate(2);
                    let room = (lane - points[1].y) / 2.0;
                    points.push(at(
                        here,
                        points[1].y + room.clamp(-2.0 * RADIUS, 2.0 * RADIUS),
                    ));
                } else {
                    points.push(at(here - 2.0 * RADIUS, lane));
                }
            }
            last_column = Some(here);
            placed.lines[edge] = Path::rounded(&points, RADIUS);
        }
    }
}

/// Tells whether nothing of its layer is below an item, or above it, and it can be left there.
fn is_at_end(level: &Level, item: usize, below: bool) -> bool {
    let layer = &level.layers[level.ranks[item]];
    let end = if below { layer.last() } else { layer.first() };
    !level.items[item].fixed && end == Some(&item)
}
