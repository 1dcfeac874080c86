//! Tests of the whole program: the real binary, on real flow files, with curl as its client.
#![cfg(feature = "full")]
#![allow(clippy::unwrap_used)]

mod back_end;
mod checking;
mod cloudevents;
mod curl;
mod cut;
mod dead_letters;
mod faults;
mod flows;
mod gateway;
mod idempotent;
mod killed;
mod known_before;
mod majordomo;
mod manuals;
mod new_project;
mod nodes;
mod pictures;
mod recording;
mod side_by_side;
mod stopping;
mod streams;
mod support;
mod ten_flows;
mod testing;
mod testing_guide;
mod unlinked;
mod untouched;
