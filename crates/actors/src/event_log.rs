//! Events in the log.

use compysition_core::{Actor, Context, Event, Ports, Result};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::redaction::Redaction;
use crate::stdout::complete;

/// Writes a record to the log for each event, with its meta id, and passes the event on.
///
/// An event that is marked with an error is logged with that error, so this can be the flow's `errors` actor. The log goes to standard
/// error, and to the actor that the flow names as `log`.
///
/// Example: `event_log: { level: warn, message: "order {{ payload.id }} came late" }`
///
/// Purpose: observe. Patterns: wire tap.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventLog {
    /// How important the records are.
    level: Level,
    /// What the record says, a template; the payload by default.
    message: Option<Template>,
    /// What each message begins with.
    prefix: String,
    /// Whether the complete event is logged behind the message, as JSON: ids, service, attributes, payload and error.
    #[serde(alias = "log_full_event")]
    complete: bool,
    /// What is logged without its secrets; the event that goes on keeps them.
    redact: Option<Redaction>,
}

/// Says how important a record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody must see to it.
    Error,
    /// Something is not as it should be.
    Warn,
    /// Something of note happened.
    #[default]
    Info,
    /// Of use to find a mistake.
    Debug,
    /// All there is.
    Trace,
}

impl EventLog {
    /// Makes an actor that logs payloads at the level INFO.
    pub fn new() -> EventLog {
        EventLog::default()
    }

    /// Sets how important the records are.
    #[must_use]
    pub fn level(mut self, level: Level) -> EventLog {
        self.level = level;
        self
    }

    /// Sets what the record says.
    #[must_use]
    pub fn message(mut self, message: Template) -> EventLog {
        self.message = Some(message);
        self
    }

    /// Logs complete events behind the message.
    #[must_use]
    pub fn complete(mut self) -> EventLog {
        self.complete = true;
        self
    }

    fn line(&self, event: &Event, ctx: &Context) -> Result<String> {
        let mut line = self.prefix.clone();
        match &self.message {
            Some(message) => line.push_str(&message.render((event, ctx))?),
            None => line.push_str(&String::from_utf8_lossy(event.bytes()?)),
        }
        if let (Some(failure), None) = (event.error(), &self.message) {
            line.push_str(&format!(" ({failure})"));
        }
        if self.complete {
            line.push(' ');
            line.push_str(&complete(event));
        }
        Ok(line)
    }
}

impl Actor for EventLog {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let line = match &self.redact {
            Some(redaction) => self.line(&redaction.event(event.clone())?, ctx)?,
            None => self.line(&event, ctx)?,
        };
        let (flow, actor, meta_id) = (ctx.flow(), ctx.actor(), event.meta_id());
        match self.level {
            Level::Error => tracing::error!(flow, actor, %meta_id, "{line}"),
            Level::Warn => tracing::warn!(flow, actor, %meta_id, "{line}"),
            Level::Info => tracing::info!(flow, actor, %meta_id, "{line}"),
            Level::Debug => tracing::debug!(flow, actor, %meta_id, "{line}"),
            Level::Trace => tracing::trace!(flow, actor, %meta_id, "{line}"),
        }
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}
