//! `tcp_in`: the actor, its connections, and what is said back on them.

mod connection;
mod due;
mod intake;
mod replies;
mod rules;
mod tcp_in;

pub use tcp_in::TcpIn;
