//! Draws a flow: as SVG with a layered layout of its own, as Mermaid, as DOT.
//!
//! A [`Picture`] is what there is to draw, made from a [`Wiring`](compysition_core::Wiring): actors, links, and which of
//! them stand in a common frame. [`Picture::mermaid`] and [`Picture::dot`] write it down for other programs to lay out;
//! [`Picture::layout`] gives everything its place, and [`Picture::svg`] draws that. The same flow gives the same bytes.
//!
//! The layout has layers from left to right (`layout`): links that lead back are found and taken out (`ranks`), nodes get
//! an order in their layer so that few links cross (`order`) and heights so that chains are straight (`heights`). What
//! leads back runs in lanes above or below the nodes (`lanes`). A frame is laid out by itself and is one node of what is
//! around it (`nest`).

mod dot;
mod geometry;
mod layout;
mod mermaid;
mod picture;
mod reply;
mod svg;
mod text;
mod tree;

pub use geometry::{Path, Piece, Point, Rect};
pub use layout::{Layout, PlacedFrame, PlacedLabel};
pub use picture::{Frames, Line, Picture, Role, Shape, Style};
