//! Points, boxes and lines of a picture. The x axis leads to the right, the y axis down.

use std::fmt::Write;

/// A place in a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// How far from the left.
    pub x: f64,
    /// How far from the top.
    pub y: f64,
}

/// Makes a point.
pub(crate) fn at(x: f64, y: f64) -> Point {
    Point { x, y }
}

/// A box with upright sides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Its left side.
    pub x: f64,
    /// Its upper side.
    pub y: f64,
    /// How wide it is.
    pub width: f64,
    /// How high it is.
    pub height: f64,
}

impl Rect {
    /// Returns the right side.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Returns the lower side.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Returns the height of the middle.
    pub(crate) fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }

    pub(crate) fn moved(&self, by: Point) -> Rect {
        Rect {
            x: self.x + by.x,
            y: self.y + by.y,
            ..*self
        }
    }
}

/// A line of straight pieces and curves, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// Where it begins.
    pub start: Option<Point>,
    /// What follows.
    pub pieces: Vec<Piece>,
}

/// One piece of a [`Path`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    /// Straight to there.
    Line(Point),
    /// A Bézier curve: two points that draw it, and its end.
    Curve(Point, Point, Point),
}

impl Path {
    pub(crate) fn from(start: Point) -> Path {
        Path {
            start: Some(start),
            pieces: Vec::new(),
        }
    }

    /// Goes on straight, unless it is there.
    pub(crate) fn line(&mut self, to: Point) {
        if self.end() != Some(to) {
            self.pieces.push(Piece::Line(to));
        }
    }

    /// Goes on in an S that begins and ends level; straight if that is on one height.
    pub(crate) fn swing(&mut self, to: Point) {
        let Some(from) = self.end() else { return };
        if (from.y - to.y).abs() < 0.05 {
            return self.line(to);
        }
        let half = (from.x + to.x) / 2.0;
        let curve = Piece::Curve(at(half, from.y), at(half, to.y), to);
        self.pieces.push(curve);
    }

    /// Makes a line through corners, which are rounded.
    pub(crate) fn rounded(corners: &[Point], radius: f64) -> Path {
        let mut path = Path {
            start: corners.first().copied(),
            pieces: Vec::new(),
        };
        for three in corners.windows(3) {
            let (before, corner, after) = (three[0], three[1], three[2]);
            let room = distance(before, corner).min(distance(corner, after)) / 2.0;
            let radius = radius.min(room);
            let into = towards(corner, before, radius);
            let out = towards(corner, after, radius);
            path.line(into);
            let bend = |end| towards(end, corner, radius * 0.55);
            path.pieces.push(Piece::Curve(bend(into), bend(out), out));
        }
        if let Some(last) = corners.last() {
            path.line(*last);
        }
        path
    }

    pub(crate) fn end(&self) -> Option<Point> {
        match self.pieces.last() {
            Some(Piece::Line(end) | Piece::Curve(_, _, end)) => Some(*end),
            None => self.start,
        }
    }

    /// Goes on with another line.
    pub(crate) fn append(&mut self, next: &Path) {
        match (self.start, next.start) {
            (None, start) => self.start = start,
            (Some(_), Some(start)) => self.line(start),
            (Some(_), None) => {}
        }
        self.pieces.extend(&next.pieces);
    }

    pub(crate) fn moved(&self, by: Point) -> Path {
        let go = |point: Point| at(point.x + by.x, point.y + by.y);
        let pieces = self.pieces.iter().map(|piece| match *piece {
            Piece::Line(end) => Piece::Line(go(end)),
            Piece::Curve(one, two, end) => Piece::Curve(go(one), go(two), go(end)),
        });
        Path {
            start: self.start.map(go),
            pieces: pieces.collect(),
        }
    }

    /// Returns points on the line, close enough to each other to see what it touches.
    pub fn points(&self) -> Vec<Point> {
        let mut points: Vec<Point> = self.start.into_iter().collect();
        for piece in &self.pieces {
            let Some(&from) = points.last() else { break };
            let steps = 24;
            for step in 1..=steps {
                let t = f64::from(step) / f64::from(steps);
                points.push(match *piece {
                    Piece::Line(end) => mix(from, end, t),
                    Piece::Curve(one, two, end) => {
                        let (a, b, c) = (mix(from, one, t), mix(one, two, t), mix(two, end, t));
                        mix(mix(a, b, t), mix(b, c, t), t)
                    }
                });
            }
        }
        points
    }

    /// Writes the line as SVG does.
    pub(crate) fn data(&self) -> String {
        let mut data = String::new();
        let show = |point: Point| format!("{} {}", number(point.x), number(point.y));
        if let Some(start) = self.start {
            let _ = write!(data, "M{}", show(start));
        }
        for piece in &self.pieces {
            let _ = match *piece {
                Piece::Line(end) => write!(data, "L{}", show(end)),
                Piece::Curve(one, two, end) => {
                    write!(data, "C{} {} {}", show(one), show(two), show(end))
                }
            };
        }
        data
    }
}

/// Writes a number with at most one decimal, the same on every machine.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{:.1}", value + 0.0);
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0" } else { text }.to_owned()
}

fn distance(a: Point, b: Point) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

fn towards(from: Point, to: Point, by: f64) -> Point {
    let whole = distance(from, to);
    mix(from, to, if whole > 0.0 { by / whole } else { 0.0 })
}

fn mix(a: Point, b: Point, t: f64) -> Point {
    at(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t)
}
