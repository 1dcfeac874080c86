//! Frames in frames: each is laid out by itself, and is one node of the level around it.

use std::collections::{BTreeMap, HashMap};

use super::level::{self, Edge, Item, Seat};
use super::placed::Placed;
use super::{Layout, PlacedFrame, PlacedLabel};
use crate::geometry::{Path, Point, Rect, at};
use crate::picture::{Picture, Role};
use crate::text;

/// The room for the title of a frame.
pub(crate) const HEAD: f64 = 24.0;
/// The sizes of letters, which the drawing has to use.
pub(crate) const TITLE: f64 = 14.0;
pub(crate) const SMALL: f64 = 11.0;
/// The longest names and labels that are shown whole.
pub(crate) const LONGEST: usize = 34;
/// How far the cards of a pool reach beyond the first.
pub(crate) const CARDS: f64 = 8.0;
const LABEL: f64 = 16.0;

/// Lays out a picture.
pub(crate) fn layout(picture: &Picture) -> Layout {
    let whole = Frame::of(picture);
    let mut layout = Layout {
        shapes: vec![Rect::default(); picture.shapes.len()],
        lines: vec![Path::default(); picture.lines.len()],
        arrows: vec![true; picture.lines.len()],
        ..Layout::default()
    };
    let laid = whole.place(picture);
    layout.width = laid.placed.width;
    layout.height = laid.placed.height;
    let mut pieces: Vec<Vec<(usize, Path)>> = vec![Vec::new(); picture.lines.len()];
    laid.unfold(picture, at(0.0, 0.0), &mut layout, &mut pieces);
    for (line, pieces) in pieces.iter_mut().enumerate() {
        // From the beginning inside of frames out, and into others: the order in which they were numbered.
        pieces.sort_by_key(|(turn, _)| *turn);
        for (_, piece) in pieces.iter() {
            layout.lines[line].append(piece);
        }
    }
    layout
}

/// What stands together: shapes, and frames with theirs.
#[derive(Default)]
struct Frame {
    title: String,
    depth: usize,
    shapes: Vec<usize>,
    inner: BTreeMap<String, Frame>,
}

/// A frame with its layout.
struct Laid<'a> {
    frame: &'a Frame,
    placed: Placed,
    /// The number of each link's line, and which piece of the line it is.
    edges: Vec<(usize, usize)>,
    inner: Vec<Laid<'a>>,
    /// For each line that passes the border: how far from the top it does.
    enters: HashMap<usize, f64>,
    leaves: HashMap<usize, f64>,
}

impl Frame {
    fn of(picture: &Picture) -> Frame {
        let mut whole = Frame::default();
        for (index, shape) in picture.shapes.iter().enumerate() {
            let mut frame = &mut whole;
            for (depth, title) in shape.frames.iter().enumerate() {
                frame = frame.inner.entry(title.clone()).or_insert_with(|| Frame {
                    title: title.clone(),
                    depth: depth + 1,
                    ..Frame::default()
                });
            }
            frame.shapes.push(index);
        }
        whole
    }

    /// Lays out what is in it, from the inside.
    fn place<'a>(&'a self, picture: &Picture) -> Laid<'a> {
        let inner: Vec<Laid<'a>> = self
            .inner
            .values()
            .map(|frame| frame.place(picture))
            .collect();
        let mut items: Vec<Item> = self
            .shapes
            .iter()
            .map(|shape| item(picture, *shape))
            .collect();
        let mut stands: HashMap<usize, (usize, Option<usize>)> = HashMap::new();
        for (item, shape) in self.shapes.iter().enumerate() {
            stands.insert(*shape, (item, None));
        }
        for (index, laid) in inner.iter().enumerate() {
            let mut shapes = Vec::new();
            laid.frame.all_shapes(&mut shapes);
            for shape in &shapes {
                stands.insert(*shape, (items.len(), Some(index)));
            }
            let is_first =
                |shape: &usize| matches!(picture.shapes[*shape].role, Role::Door | Role::Source);
            items.push(Item {
                width: laid.width(),
                height: laid.height(),
                seat: Seat::Anywhere,
                first: shapes.iter().any(is_first),
                door: false,
                fixed: true,
                narrow: false,
            });
        }
        let mut edges = Vec::new();
        let mut numbers = Vec::new();
        let mut ports = HashMap::new();
        let (mut entries, mut exits) = (Vec::new(), Vec::new());
        for (index, line) in picture.lines.iter().enumerate() {
            let (from, to) = (stands.get(&line.from), stands.get(&line.to));
            // What begins and ends in the same inner frame is drawn there.
            let inside = |end: Option<&(usize, Option<usize>)>| end.and_then(|(_, inner)| *inner);
            let same = inside(from).is_some() && inside(from) == inside(to);
            if (from.is_none() && to.is_none()) || same {
                continue;
            }
            let border = |items: &mut Vec<Item>, seat| {
                items.push(Item {
                    width: 0.0,
                    height: 4.0,
                    seat,
                    first: seat == Seat::Entry,
                    door: false,
                    fixed: true,
                    narrow: false,
                });
                items.len() - 1
            };
            let at_border = |end: f64, laid: &Laid| end - laid.height() / 2.0;
            let from_at = inside(from).map(|n| at_border(inner[n].leaves[&index], &inner[n]));
            let to_at = inside(to).map(|n| at_border(inner[n].enters[&index], &inner[n]));
            let begins_here = from.is_some_and(|(_, inner)| inner.is_none());
            let label = line.label.as_deref().filter(|_| begins_here);
            let next_port = ports.len();
            let port = *ports
                .entry((line.from, line.label.as_deref(), line.style))
                .or_insert(next_port);
            // Out of deeper frames it comes before, into deeper ones after what is here.
            let turn = match (from, to) {
                (Some(_), None) => 1000 - self.depth,
                (None, Some(_)) => 1001 + self.depth,
                _ => 1000,
            };
            let from = from.map(|(item, _)| *item).unwrap_or_else(|| {
                let item = border(&mut items, Seat::Entry);
                entries.push((index, item));
                item
            });
            let to = to.map(|(item, _)| *item).unwrap_or_else(|| {
                let item = border(&mut items, Seat::Exit);
                exits.push((index, item));
                item
            });
            edges.push(Edge {
                from,
                to,
                style: line.style,
                label: label.map_or(0.0, label_width),
                port,
                answers: line.answers,
                from_at: from_at.unwrap_or(0.0),
                to_at: to_at.unwrap_or(0.0),
            });
            numbers.push((index, turn));
        }
        let placed = level::place(&items, &edges);
        let top = self.head();
        let heights = |ends: &[(usize, usize)]| {
            let height =
                |(line, item): &(usize, usize)| (*line, placed.items[*item].middle() + top);
            ends.iter().map(height).collect()
        };
        let (enters, leaves) = (heights(&entries), heights(&exits));
        Laid {
            frame: self,
            placed,
            edges: numbers,
            inner,
            enters,
            leaves,
        }
    }

    fn all_shapes(&self, shapes: &mut Vec<usize>) {
        shapes.extend(&self.shapes);
        for inner in self.inner.values() {
            inner.all_shapes(shapes);
        }
    }

    fn head(&self) -> f64 {
        if self.depth > 0 { HEAD } else { 0.0 }
    }
}

impl Laid<'_> {
    fn width(&self) -> f64 {
        let title = text::width(&shown(&self.frame.title), 12.0, true) + 28.0;
        self.placed.width.max(title)
    }

    fn height(&self) -> f64 {
        self.placed.height + self.frame.head()
    }

    /// Writes where things are in the whole picture, if the frame's corner is at a point.
    fn unfold(
        &self,
        picture: &Picture,
        corner: Point,
        layout: &mut Layout,
        pieces: &mut [Vec<(usize, Path)>],
    ) {
        let by = at(corner.x, corner.y + self.frame.head());
        for (item, shape) in self.frame.shapes.iter().enumerate() {
            layout.shapes[*shape] = self.placed.items[item].moved(by);
        }
        let exit = |line: usize| self.leaves.contains_key(&line);
        let mut labelled = HashMap::new();
        for (edge, &(line, turn)) in self.edges.iter().enumerate() {
            let mut path = self.placed.lines[edge].moved(by);
            if exit(line) {
                // A frame may be wider than what is in it, for its title.
                if let Some(end) = path.end() {
                    path.line(at(corner.x + self.width(), end.y));
                }
            }
            pieces[line].push((turn, path));
            layout.arrows[line] &= self.placed.whole[edge];
            let text = picture.lines[line].label.as_deref();
            if let (Some(place), Some(text)) = (self.placed.labels[edge], text) {
                let place = Rect {
                    x: place.x + by.x,
                    y: place.y + by.y - LABEL / 2.0,
                    width: label_width(text),
                    height: LABEL,
                };
                let key = (place.x.to_bits(), place.y.to_bits());
                labelled.entry(key).or_insert_with(|| {
                    layout.labels.push(PlacedLabel {
                        line,
                        text: shown(text),
                        place,
                    });
                });
            }
        }
        for (index, inner) in self.inner.iter().enumerate() {
            let place = self.placed.items[self.frame.shapes.len() + index].moved(by);
            layout.frames.push(PlacedFrame {
                title: inner.frame.title.clone(),
                place,
            });
            inner.unfold(picture, at(place.x, place.y), layout, pieces);
        }
    }
}

/// Cuts a name that is too long to be shown whole.
pub(crate) fn shown(text: &str) -> String {
    text::shortened(text, LONGEST)
}

fn label_width(label: &str) -> f64 {
    text::width(&shown(label), SMALL, false) + 8.0
}

/// Measures a shape.
fn item(picture: &Picture, index: usize) -> Item {
    let shape = &picture.shapes[index];
    let note = shape.role == Role::Note;
    let title = if note { SMALL } else { TITLE };
    let wide = text::width(&shown(&shape.title), title, !note);
    let below = shape
        .below()
        .map_or(0.0, |below| text::width(&below, SMALL, false));
    let cards = if shape.instances > 1 { CARDS } else { 0.0 };
    let (padding, least, height) = match shape.role {
        Role::Note => (8.0, 0.0, 20.0),
        Role::Door | Role::Join => (44.0, 84.0, 48.0),
        _ => (34.0, 84.0, 48.0),
    };
    Item {
        width: (wide.max(below) + padding).max(least) + cards,
        height: height + cards,
        seat: Seat::Anywhere,
        first: matches!(shape.role, Role::Door | Role::Source),
        door: shape.role == Role::Door,
        fixed: false,
        narrow: note,
    }
}
