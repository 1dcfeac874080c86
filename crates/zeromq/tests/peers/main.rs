//! Sockets with real peers: libzmq, through pyzmq.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conditions;
mod foreign;
mod libzmq;
mod majordomo;
mod program;
mod site;
