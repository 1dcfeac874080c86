//! One level of a picture: nodes and links side by side, without what is inside of the nodes.

use super::placed::Placed;
use super::{heights, lanes, order, ports, ranks};
use crate::geometry::{Path, Rect, at};
use crate::picture::Style;

/// A node of a level.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) seat: Seat,
    /// Whether the layers begin with it: a source or door.
    pub(crate) first: bool,
    /// Whether answers come back to it, so that no link into it leads forward.
    pub(crate) door: bool,
    /// Whether its ports are where it says, as for a frame.
    pub(crate) fixed: bool,
    /// Whether it keeps its width beside wider ones, as a text does.
    pub(crate) narrow: bool,
}

/// Where an item may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    Anywhere,
    /// On the left border of a frame: where a link comes in.
    Entry,
    /// On the right border of a frame.
    Exit,
}

/// A link of a level.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) style: Style,
    /// The width of the label at its beginning; zero without one.
    pub(crate) label: f64,
    /// The links of an item with the same number leave it at the same place.
    pub(crate) port: usize,
    pub(crate) answers: bool,
    /// How far from the middle of a frame it leaves it, or comes into it.
    pub(crate) from_at: f64,
    pub(crate) to_at: f64,
}

/// One place in a layer: an item, or a link that passes through.
#[derive(Clone, Debug)]
pub(crate) struct Vertex {
    pub(crate) layer: usize,
    pub(crate) item: Option<usize>,
    pub(crate) height: f64,
    /// The height of its middle.
    pub(crate) y: f64,
}

/// A level on its way to its layout.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) items: Vec<Item>,
    pub(crate) edges: Vec<Edge>,
    /// The layer of each item.
    pub(crate) ranks: Vec<usize>,
    /// Which links lead back.
    pub(crate) back: Vec<bool>,
    /// The items first, each with its own number.
    pub(crate) vertices: Vec<Vertex>,
    /// The vertices of each link that leads forward.
    pub(crate) chains: Vec<Vec<usize>>,
    /// The vertices of each layer, from top to bottom.
    pub(crate) layers: Vec<Vec<usize>>,
    /// How far from the middle of its item each link leaves, and arrives.
    pub(crate) leaves: Vec<f64>,
    pub(crate) arrives: Vec<f64>,
}

/// The smallest room for links between two layers.
const GUTTER: f64 = 44.0;
/// The straight end of a link, which its arrow needs.
const ARROW: f64 = 12.0;
/// What is left free around a level.
pub(crate) const MARGIN: f64 = 16.0;
/// From one line to the next beside it.
pub(crate) const TRACK: f64 = 12.0;

/// Gives a level its layout: what hangs together by itself, one part below the other.
pub(crate) fn place(items: &[Item], edges: &[Edge]) -> Placed {
    let mut whole = Placed::empty(items.len(), edges.len());
    for part in parts(items.len(), edges) {
        let mut number = vec![0; items.len()];
        for (new, old) in part.iter().enumerate() {
            number[*old] = new;
        }
        let inside: Vec<usize> = (0..edges.len())
            .filter(|edge| part.binary_search(&edges[*edge].from).is_ok())
            .collect();
        let of_part = |edge: &usize| Edge {
            from: number[edges[*edge].from],
            to: number[edges[*edge].to],
            ..edges[*edge].clone()
        };
        let items = part.iter().map(|item| items[*item].clone()).collect();
        let placed = place_part(items, inside.iter().map(of_part).collect());
        whole.add(placed, &part, &inside);
    }
    whole
}

/// Finds the parts of a level that no link joins, each with its items in order.
fn parts(count: usize, edges: &[Edge]) -> Vec<Vec<usize>> {
    let mut beside = vec![Vec::new(); count];
    for edge in edges {
        beside[edge.from].push(edge.to);
        beside[edge.to].push(edge.from);
    }
    let mut seen = vec![false; count];
    let mut parts = Vec::new();
    for first in 0..count {
        let mut part = Vec::new();
        let mut open = vec![first];
        while let Some(item) = open.pop() {
            if !std::mem::replace(&mut seen[item], true) {
                part.push(item);
                open.extend(&beside[item]);
            }
        }
        part.sort_unstable();
        parts.extend(Some(part).filter(|part| !part.is_empty()));
    }
    parts
}

fn place_part(items: Vec<Item>, edges: Vec<Edge>) -> Placed {
    let (ranks, back) = ranks::ranks(&items, &edges);
    let mut level = Level::new(items, edges, ranks, back);
    order::order(&mut level);
    let lanes = lanes::Lanes::new(&level);
    ports::place(&mut level, &lanes);
    heights::place(&mut level);
    level.draw(&lanes)
}

impl Level {
    fn new(items: Vec<Item>, edges: Vec<Edge>, ranks: Vec<usize>, back: Vec<bool>) -> Level {
        let count = ranks.iter().max().map_or(0, |last| last + 1);
        let vertex = |(index, item): (usize, &Item)| Vertex {
            layer: ranks[index],
            item: Some(index),
            height: item.height,
            y: 0.0,
        };
        let mut vertices: Vec<Vertex> = items.iter().enumerate().map(vertex).collect();
        let mut chains = Vec::with_capacity(edges.len());
        for (edge, back) in edges.iter().zip(&back) {
            let mut chain = Vec::new();
            if !back {
                chain.push(edge.from);
                for layer in ranks[edge.from] + 1..ranks[edge.to] {
                    chain.push(vertices.len());
                    vertices.push(Vertex {
                        layer,
                        item: None,
                        height: 4.0,
                        y: 0.0,
                    });
                }
                chain.push(edge.to);
            }
            chains.push(chain);
        }
        let zero = vec![0.0; edges.len()];
        Level {
            items,
            ranks,
            back,
            vertices,
            chains,
            layers: vec![Vec::new(); count],
            leaves: zero.clone(),
            arrives: zero,
            edges,
        }
    }

    /// Returns where the link `edge` is at one of its vertices, as far from the vertex's middle as it leaves or arrives there.
    pub(crate) fn leave_at(&self, edge: usize, vertex: usize) -> f64 {
        let item = self.vertices[vertex].item;
        item.map_or(0.0, |_| self.leaves[edge])
    }

    pub(crate) fn arrive_at(&self, edge: usize, vertex: usize) -> f64 {
        let item = self.vertices[vertex].item;
        item.map_or(0.0, |_| self.arrives[edge])
    }

    fn draw(&self, lanes: &lanes::Lanes) -> Placed {
        let columns = self.columns(lanes);
        let rect = |(index, item): (usize, &Item)| {
            let column = &columns[self.ranks[index]];
            let height = self.vertices[index].height;
            let y = self.vertices[index].y - height / 2.0;
            let middle = (column.left + column.right) / 2.0;
            let (x, width) = match item.seat {
                Seat::Entry => (0.0, 0.0),
                Seat::Exit => (column.right, 0.0),
                Seat::Anywhere if item.fixed => (middle - item.width / 2.0, item.width),
                Seat::Anywhere if item.narrow => (column.right - item.width, item.width),
                Seat::Anywhere => (middle - column.nodes / 2.0, column.nodes),
            };
            Rect {
                x,
                y,
                width,
                height,
            }
        };
        let items = self.items.iter().enumerate().map(rect).collect();
        let count = self.edges.len();
        let mut placed = Placed {
            width: columns.last().map_or(0.0, |column| column.end),
            items,
            ..Placed::empty(0, count)
        };
        for (edge, chain) in self.chains.iter().enumerate() {
            if !self.back[edge] {
                placed.lines[edge] = self.forward(edge, chain, &columns, &placed.items);
            }
            if self.edges[edge].label > 0.0 {
                let from = self.edges[edge].from;
                let y = self.vertices[from].y + self.leaves[edge];
                placed.labels[edge] = Some(at(columns[self.ranks[from]].right + 8.0, y));
            }
        }
        lanes.draw(self, &columns, &mut placed);
        placed.fit();
        placed
    }

    /// Draws a link that leads forward: level through the layers, in swings between them.
    fn forward(&self, edge: usize, chain: &[usize], columns: &[Column], items: &[Rect]) -> Path {
        let (from, to) = (self.edges[edge].from, self.edges[edge].to);
        let y = self.vertices[from].y + self.leaves[edge];
        let mut path = Path::from(at(items[from].right(), y));
        path.line(at(columns[self.ranks[from]].swing, y));
        for &vertex in &chain[1..] {
            let layer = self.vertices[vertex].layer;
            let y = self.vertices[vertex].y + self.arrive_at(edge, vertex);
            path.swing(at(columns[layer - 1].calm, y));
            if vertex == to {
                path.line(at(items[to].x, y));
            } else {
                path.line(at(columns[layer].swing, y));
            }
        }
        path
    }

    /// Gives the layers and what is between them their places from left to right.
    fn columns(&self, lanes: &lanes::Lanes) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        let layers = self.layers.len();
        let mut label = vec![0.0_f64; layers];
        let mut drop = vec![0.0_f64; layers];
        let mut leaves = vec![false; layers];
        for (edge, chain) in self.chains.iter().enumerate() {
            let layer = self.ranks[self.edges[edge].from];
            if self.edges[edge].label > 0.0 {
                label[layer] = label[layer].max(self.edges[edge].label + 12.0);
            }
            for two in chain.windows(2) {
                let (one, two) = (two[0], two[1]);
                let layer = self.vertices[one].layer;
                let from = self.vertices[one].y + self.leave_at(edge, one);
                let to = self.vertices[two].y + self.arrive_at(edge, two);
                drop[layer] = drop[layer].max((from - to).abs());
                leaves[layer] = true;
            }
        }
        let tracks_in = |layer| lanes.tracks_in(layer) as f64 * TRACK;
        let mut left = match self.items.iter().any(|item| item.seat == Seat::Entry) {
            true => tracks_in(0),
            false => MARGIN + tracks_in(0),
        };
        for layer in 0..layers {
            let items = self.layers[layer].iter();
            let items = items.filter_map(|vertex| self.vertices[*vertex].item);
            let items: Vec<&Item> = items.map(|item| &self.items[item]).collect();
            let widest = |items: &mut dyn Iterator<Item = &&Item>| {
                items.map(|item| item.width).fold(0.0, f64::max)
            };
            let right = left + widest(&mut items.iter());
            let nodes = widest(&mut items.iter().filter(|item| !item.fixed && !item.narrow));
            let tracks = right + label[layer];
            let out = lanes.tracks_out(layer) as f64 * TRACK;
            let swing = tracks + if out > 0.0 { out + 4.0 } else { 0.0 };
            let last = layer + 1 == layers;
            let has_exits = items.iter().any(|item| item.seat == Seat::Exit);
            let (calm, end) = match last {
                true if has_exits => (swing, right),
                true => (swing, swing.max(right) + MARGIN),
                false => {
                    let room = (drop[layer] * 0.3).clamp(GUTTER, 130.0);
                    let calm = swing + if leaves[layer] { room } else { GUTTER };
                    (calm, calm + tracks_in(layer + 1) + ARROW)
                }
            };
            columns.push(Column {
                left,
                right,
                nodes,
                tracks,
                swing,
                calm,
                end,
            });
            left = end;
        }
        columns
    }
}

/// A layer and the room to the right of it, from left to right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) left: f64,
    pub(crate) right: f64,
    /// How wide its nodes are: all as wide as the widest.
    pub(crate) nodes: f64,
    /// Behind the labels, where lines turn to lanes.
    pub(crate) tracks: f64,
    /// Where links begin to swing to other heights.
    pub(crate) swing: f64,
    /// Where they have come to them.
    pub(crate) calm: f64,
    pub(crate) end: f64,
}
