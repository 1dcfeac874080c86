//! The settings of a `tcp_in`, made ready for use.

use std::sync::Arc;
use std::time::Duration;

use compysition_core::Source;
use tokio_rustls::TlsAcceptor;

use crate::frames::Format;

/// How connections are dealt with.
pub(crate) struct Rules {
    pub(crate) format: Format,
    pub(crate) reply: Reply,
    /// How long a connection may say nothing; none for no end.
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) write_timeout: Duration,
    /// How long the flow may take for an answer.
    pub(crate) deadline: Duration,
}

/// What a client is told about its frames.
pub(crate) enum Reply {
    Nothing,
    /// That a frame was delivered, or that it was not; without that the connection is closed then.
    Receipt {
        taken: Vec<u8>,
        refused: Option<Vec<u8>>,
    },
    /// What the flow made of it.
    Answer,
}

/// What all connections of an actor have in common.
pub(crate) struct Host {
    pub(crate) rules: Arc<Rules>,
    pub(crate) source: Source,
    pub(crate) acceptor: Option<TlsAcceptor>,
}
