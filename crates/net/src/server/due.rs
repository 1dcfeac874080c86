//! What is to be said back, in the order of the frames.

use compysition_core::{Error, Request, Settlement};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// What a frame's client is to be told, when it is known.
pub(crate) struct Due {
    pub(crate) what: What,
    /// Given back when it is told: a client that reads nothing is not read on either.
    pub(crate) turn: OwnedSemaphorePermit,
}

pub(crate) enum What {
    /// What the flow answers, up to a time.
    Answer(Request, Instant),
    /// Whether it was delivered.
    Receipt(Settlement),
    /// That it did not come into the flow.
    Refusal(Error),
}
