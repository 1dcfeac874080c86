//! `exec`, with real programs.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod each;
mod keep;
mod settings;
mod site;
mod stopping;
