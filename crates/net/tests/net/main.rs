//! Plain sockets, with real peers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;
mod replies;
mod site;
mod tcp_in;
mod tcp_out;
mod tls;
mod udp;
