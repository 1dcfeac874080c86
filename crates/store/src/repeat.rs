//! What becomes of a repeat.

use compysition_core::{Error, ErrorKind, Event, Result};
use serde_json::json;

use crate::keys::{Known, State};

/// What a repeat is made into.
pub(crate) enum Repeat {
    /// A conflict: there is nowhere to send it.
    Refused,
    /// What it was, with the state of the first.
    Told,
    /// The answer of the first.
    Answered,
}

/// The attribute that tells of a repeat what the first is.
const ATTRIBUTE: &str = "deduplicate";

impl Repeat {
    /// Makes it of an event; nothing is known of a first that is under way.
    ///
    /// # Errors
    /// Conflict, if it is to be refused, or there is no answer.
    pub(crate) fn make(self, event: &mut Event, key: &str, first: Option<&Known>) -> Result {
        let state = first.map(|known| known.state);
        let name = match state {
            None => "running",
            Some(State::Started) => "interrupted",
            Some(State::Done) => "done",
            Some(State::Kept) => "kept",
        };
        let answer = first.and_then(|known| known.answer.as_ref());
        match (self, answer) {
            (Repeat::Told, _) => {}
            (Repeat::Answered, Some(answer)) => answer.put_into(event)?,
            (what, _) => {
                let why = match (state, what) {
                    (None, _) => "is under way",
                    (Some(State::Started), _) => "was interrupted, and may not have been finished",
                    (Some(State::Kept), _) => "is in the dead letters",
                    (Some(State::Done), Repeat::Answered) => {
                        "was taken before, and no answer of it is kept"
                    }
                    (Some(State::Done), _) => "was taken before",
                };
                let message = format!("an event with the key `{key}` {why}");
                return Err(Error::new(ErrorKind::Conflict, message).with_detail("state", name));
            }
        }
        event.set_attribute(ATTRIBUTE, json!({ "key": key, "state": name }));
        Ok(())
    }
}
