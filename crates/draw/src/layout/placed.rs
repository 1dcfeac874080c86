//! Where everything of a level is.

use super::level::MARGIN;
use crate::geometry::{Path, Point, Rect, at};

/// Where everything of a level is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placed {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) items: Vec<Rect>,
    pub(crate) lines: Vec<Path>,
    /// Whether each line comes to its end by itself, or joins one that does.
    pub(crate) whole: Vec<bool>,
    /// Where each label has its left end, in the middle of its height.
    pub(crate) labels: Vec<Option<Point>>,
}

impl Placed {
    pub(super) fn empty(items: usize, edges: usize) -> Placed {
        Placed {
            items: vec![Rect::default(); items],
            lines: vec![Path::default(); edges],
            whole: vec![true; edges],
            labels: vec![None; edges],
            ..Placed::default()
        }
    }

    /// Puts a part below what there is; the margins between the two are one.
    pub(super) fn add(&mut self, part: Placed, items: &[usize], edges: &[usize]) {
        let by = at(0.0, (self.height - MARGIN).max(0.0));
        for (item, place) in items.iter().zip(part.items) {
            self.items[*item] = place.moved(by);
        }
        for (n, edge) in edges.iter().enumerate() {
            self.lines[*edge] = part.lines[n].moved(by);
            self.whole[*edge] = part.whole[n];
            self.labels[*edge] = part.labels[n].map(|label| at(label.x, label.y + by.y));
        }
        self.width = self.width.max(part.width);
        self.height = by.y + part.height;
    }

    /// Moves everything so that the upper margin is as it should be, and measures the height.
    pub(super) fn fit(&mut self) {
        let (mut top, mut bottom) = (f64::MAX, f64::MIN);
        for item in &self.items {
            top = top.min(item.y);
            bottom = bottom.max(item.bottom());
        }
        for line in &self.lines {
            for point in line.points() {
                top = top.min(point.y);
                bottom = bottom.max(point.y);
            }
        }
        if top > bottom {
            (top, bottom) = (0.0, 0.0);
        }
        self.height = bottom - top + 2.0 * MARGIN;
        let by = at(0.0, MARGIN - top);
        for item in &mut self.items {
            *item = item.moved(by);
        }
        for line in &mut self.lines {
            *line = line.moved(by);
        }
        for label in self.labels.iter_mut().flatten() {
            label.y += by.y;
        }
    }
}
