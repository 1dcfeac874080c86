//! Secrets made unreadable on the way.

use compysition_core::{Actor, Context, Event, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::redaction::Redaction;

/// Makes secrets in events unreadable.
///
/// `patterns` replace what their groups match in the text of the payload, `paths` what stands there. A payload keeps
/// its kind; JSON that is none any more, since a pattern took a quote with it, becomes text.
///
/// Example: `redact: { patterns: ['password=(\S+)'], paths: [payload.card, http.headers.authorization] }`
///
/// Purpose: security. Patterns: content filter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "Redaction")]
pub struct Redact(Redaction);

impl Redact {
    /// Makes the actor for what must not be read.
    pub fn new(redaction: Redaction) -> Redact {
        Redact(redaction)
    }
}

impl Actor for Redact {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(self.0.event(event)?)
    }
}
