//! How messages enter a flow.

use compysition_core::{Admission, Error, Refusal, Result, Source};
use std::time::Duration;
use tokio::time::sleep;

/// How long to wait when too many wait for a permit already.
const RESPITE: Duration = Duration::from_millis(100);

/// What a permit has to cover beside the payload, with some to spare.
const SPARE: usize = 1 << 10;

/// Takes permits for messages before they are read from a socket: what has no room in the flow stays with the peer.
pub(crate) struct Intake {
    pub(crate) source: Source,
    room: usize,
}

impl Intake {
    /// Takes messages of up to so many bytes.
    pub(crate) fn new(source: Source, largest: usize) -> Intake {
        Intake {
            source,
            room: largest,
        }
    }

    /// Waits for a permit for the next message, and returns it with the bytes that it covers; none when the flow stops.
    pub(crate) async fn admit(&mut self) -> Option<Admission> {
        loop {
            match self.source.admit_ahead(self.room).await {
                Ok(admission) => return Some(admission),
                Err(Refusal::Crowded) => sleep(RESPITE).await,
                // The whole share is smaller than the largest message: what is larger than the share fails when it has come.
                Err(Refusal::TooLarge { limit, .. }) if self.room > 0 => {
                    self.room = limit.saturating_sub(SPARE).min(self.room - 1);
                }
                Err(_) => return None,
            }
        }
    }

    /// Returns the error of a message that the permit does not cover.
    pub(crate) fn check(&self, bytes: usize) -> Result {
        match bytes <= self.room {
            true => Ok(()),
            false => Err(Error::new(
                compysition_core::ErrorKind::TooLarge,
                format!(
                    "the message has {bytes} bytes, but the actor's share of the flow's budget is {}",
                    self.room
                ),
            )),
        }
    }
}
