//! One flow in several processes: who runs what, and what goes between them.

mod absent;
mod awaited;
mod calls;
mod conversation;
mod ending;
mod exchange;
mod gateway;
mod given_up;
mod hearing;
mod home;
mod inherited;
mod link_log;
mod meeting;
mod nodes;
mod outgoing;
mod peer;
mod remote;
mod replicas;
mod session;
mod transport;

pub mod conformance;
pub mod memory;
pub mod wire;

pub use exchange::Patience;
pub use nodes::{Here, Nodes, Part, Process};
pub use replicas::KeyOf;
pub use transport::{
    Doing, Line, LinkError, Listener, Promises, Receiver, Sender, Transport, is_lasting,
};
