//! What a broker works on, by which rules, and what comes of it.

use std::time::Duration;

use bytes::Bytes;
use compysition_core::Error;
use tokio::time::Instant;

use crate::mdp::protocol::{ToClient, Version};
use crate::socket::Frames;

/// How a broker works.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// How often each side says that it is there.
    pub(crate) heartbeat: Duration,
    /// How many heartbeats may be missing.
    pub(crate) liveness: u32,
    /// How long a request may wait for a worker.
    pub(crate) patience: Duration,
    /// How many requests may wait.
    pub(crate) most_waiting: usize,
    /// How many bytes they may have.
    pub(crate) most_bytes: usize,
    /// Whether the request of a worker that is lost goes to another one, once.
    pub(crate) retries: bool,
}

/// A client's request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) client: Bytes,
    pub(crate) version: Version,
    pub(crate) service: Bytes,
    pub(crate) body: Frames,
    /// How many workers have had it.
    pub(crate) workers: u32,
    /// When it has waited for too long.
    pub(super) expires: Instant,
}

/// What a broker does.
#[derive(Debug)]
pub(crate) enum Deed {
    /// Sends frames to a peer.
    Send(Bytes, Frames),
    /// Gives a worker a request.
    Ask(Bytes, Frames),
    /// Answers a request; what cannot be told is lost.
    Answer(Box<Answer>),
    /// Gives a request up.
    Lose(Box<Request>, Error),
    /// Gives a part of an answer up: its client knows no parts.
    Drop(Box<Answer>),
}

/// An answer on its way.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) client: Bytes,
    pub(crate) version: Version,
    pub(crate) said: ToClient,
}
