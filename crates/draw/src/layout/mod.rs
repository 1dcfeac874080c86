//! The places of everything in a picture.

mod heights;
mod lanes;
mod level;
mod nest;
mod order;
mod placed;
mod ports;
mod ranks;

pub(crate) use nest::{CARDS, SMALL, TITLE, shown};

use crate::geometry::{Path, Rect};
use crate::picture::Picture;

/// Where everything of a [`Picture`] is.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// How wide the picture is.
    pub width: f64,
    /// How high it is.
    pub height: f64,
    /// The box of each shape.
    pub shapes: Vec<Rect>,
    /// Each line.
    pub lines: Vec<Path>,
    /// Whether each line has an arrow at its end; one without joins another of its kind that has one.
    pub arrows: Vec<bool>,
    /// The labels, each once for all links that begin with it.
    pub labels: Vec<PlacedLabel>,
    /// The frames, outer ones before inner ones.
    pub frames: Vec<PlacedFrame>,
}

/// A label and its place.
#[derive(Clone, Debug)]
pub struct PlacedLabel {
    /// The number of its line.
    pub line: usize,
    /// What it says.
    pub text: String,
    /// Its box.
    pub place: Rect,
}

/// A frame and its place.
#[derive(Clone, Debug)]
pub struct PlacedFrame {
    /// Its name.
    pub title: String,
    /// Its box.
    pub place: Rect,
}

/// Gives everything its place.
pub(crate) fn layout(picture: &Picture) -> Layout {
    nest::layout(picture)
}
