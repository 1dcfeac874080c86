//! Calls to back-ends: [`HttpClient`].

mod answer;
mod call;
mod fault;
mod http_client;
mod location;
mod outgoing;
mod reading;
mod target;
mod transport;

pub(crate) use call::Caller;
pub use http_client::HttpClient;
pub(crate) use outgoing::Outline;
pub(crate) use transport::transport;
