//! What comes together for a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use compysition_core::{Context, Event, Result, Retained};

/// Lots by their files.
pub(crate) type Lots = BTreeMap<PathBuf, Lot>;

/// What is to be written to one file, and the events that go on then.
#[derive(Default)]
pub(crate) struct Lot {
    pub(crate) bytes: Vec<u8>,
    pub(crate) events: Option<Retained>,
}

impl Lot {
    /// Adds what an event carries.
    ///
    /// # Errors
    /// If that cannot be written out; then nothing was added.
    pub(crate) fn put(&mut self, event: &Event) -> Result {
        let bytes = event.bytes()?;
        self.bytes.extend_from_slice(bytes);
        if !bytes.ends_with(b"\n") {
            self.bytes.push(b'\n');
        }
        Ok(())
    }

    /// Adds the events whose bytes were added.
    pub(crate) fn keep(&mut self, later: Retained) {
        match &mut self.events {
            Some(events) => events.append(later),
            None => self.events = Some(later),
        }
    }
}

/// Sends the events of a lot on, or the error path if they could not be written.
pub(crate) fn send_on(events: Option<Retained>, written: &Result, ctx: &Context) -> Result {
    match (events, written) {
        (None, _) => Ok(()),
        (Some(events), Ok(())) => events.send(ctx),
        (Some(events), Err(error)) => {
            events.fail(error);
            Ok(())
        }
    }
}
