//! Sockets with real peers: libzmq, through pyzmq.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conditions;
mod foreign;
mod gone;
mod late;
mod libzmq;
mod majordomo;
mod program;
mod site;
#[path = "../wire/mod.rs"]
#[allow(dead_code, reason = "only the bytes are wanted here")]
mod wire;
