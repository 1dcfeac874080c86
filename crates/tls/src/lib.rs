//! TLS for compysition's servers and clients: certificates and keys out of files, as PEM.
//!
//! [`server`] and [`client`] make what [rustls](https://docs.rs/rustls) needs for each; all files are read at once, so that what is wrong with one is
//! found before the start of a flow, and said with its name.

mod client;
mod identity;
mod roots;
mod server;

pub use client::client;
pub use identity::Identity;
pub use roots::roots;
pub use server::server;
