//! The way back from the error path.

use compysition_core::{Actor, Context, Event, Ports, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// Takes the mark of its error off each event: the failure is dealt with, and what comes next is a
/// result like any other.
///
/// A failed event keeps its mark while it goes through the actors of the error path; where it ends with
/// it, its request is answered with the error's status, and a source that waits for the outcome hears
/// that it failed. Put `recover` in when a flow makes something good of it, such as an answer of its own
/// for what was not found.
///
/// With `keep_error` the error stays readable as an attribute: kind, message, actor and attempts.
///
/// Example: `recover: { keep_error: problem }`
///
/// Purpose: errors.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recover {
    /// The attribute that the error is put into; none by default.
    keep_error: Option<String>,
}

impl Recover {
    /// Makes an actor that takes the mark off.
    pub fn new() -> Recover {
        Recover::default()
    }

    /// Names the attribute that the error is put into.
    #[must_use]
    pub fn keep_error(mut self, attribute: impl Into<String>) -> Recover {
        self.keep_error = Some(attribute.into());
        self
    }
}

impl Actor for Recover {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let error = event.error().map(|failure| failure.to_value());
        if let (Some(name), Some(error)) = (&self.keep_error, error) {
            event.set_attribute(name.as_str(), error);
        }
        ctx.send(event.recovered())
    }

    fn ports(&self) -> Ports {
        Ports::any().recovers().never_fails()
    }
}
