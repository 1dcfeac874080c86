//! Majordomo: clients ask for a service, workers offer one, and a broker brings them together.
//!
//! [`protocol`] has the frames of both versions, MDP 0.1 (RFC 7) and 0.2 (RFC 18); the services `mmi.…` about the broker itself are those of RFC 8.
//! A broker speaks both versions at once. Who does the work is found by the name of the service; a worker has one request at a time, and tells the
//! broker by heartbeats that it is alive, as the broker tells it.
//!
//! A request is answered once. It may be *worked on* twice: when its worker was held for dead, which it may not have been, and the
//! broker gives it to another; and when a client asks again after a time-out.

mod broker;
mod client;
mod deed;
mod desk;
mod ids;
mod lines;
mod protocol;
mod shift;
mod worker;

pub use broker::MdpBroker;
pub use client::MdpClient;
pub use worker::MdpWorker;
