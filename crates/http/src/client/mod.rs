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

pub use http_client::HttpClient;
