//! The door for HTTP requests.

mod activity;
mod address;
mod answer;
mod answer_mode;
mod body;
mod bound;
mod building;
mod connection;
mod connections;
mod convert;
mod door;
mod fault;
mod http_server;
mod intake;
mod listener;
mod route;
mod routes;
mod service;
mod soap_fault;
mod spawn;
mod tls;
mod visit;
mod wire;

pub use answer_mode::{AnswerMode, ErrorBody, OnDisconnect};
pub use body::ResponseBody;
pub use bound::Bound;
pub use http_server::HttpServer;
pub use service::{ClientAddress, HttpService};
