//! Several instances of one actor: who takes which event, and in which order they leave.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in tests a panic is the message"
)]

#[path = "../common/mod.rs"]
mod common;

mod background;
mod ending;
mod holding;
mod keys;
mod mistakes;
mod order;
mod supervised;
mod support;
