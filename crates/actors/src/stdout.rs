//! Events on the standard output.

use std::io::Write;

use compysition_core::{Actor, Context, Event, Failure, Ports, Result, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::line_writer::{LineWriter, Unwritten};
use crate::redaction::Redaction;

/// Prints the payload of each event as a line, and passes the event on.
///
/// When nobody reads the output any more (`… | head`), the flow stops.
///
/// Example: `stdout: { prefix: "order: ", timestamp: true }`
///
/// Purpose: observe. Patterns: wire tap.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stdout {
    /// What each line begins with.
    prefix: String,
    /// Whether the time is printed, in UTC.
    timestamp: bool,
    /// Whether the complete event is printed, as JSON: ids, service, attributes, payload and error.
    complete: bool,
    /// What is printed without its secrets; the event that goes on keeps them.
    redact: Option<Redaction>,
    #[serde(skip)]
    output: Option<Box<dyn Write + Send>>,
    /// Whether each line is written before the event goes on.
    #[serde(skip)]
    at_once: bool,
    #[serde(skip)]
    writer: Option<LineWriter>,
}

impl Stdout {
    /// Makes an actor that prints payloads.
    pub fn new() -> Stdout {
        Stdout::default()
    }

    /// Sets what each line begins with.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Stdout {
        self.prefix = prefix.into();
        self
    }

    /// Prints the time too, in UTC.
    #[must_use]
    pub fn timestamp(mut self) -> Stdout {
        self.timestamp = true;
        self
    }

    /// Prints complete events, as JSON.
    #[must_use]
    pub fn complete(mut self) -> Stdout {
        self.complete = true;
        self
    }

    /// Prints events without what must not be read; those that go on keep it.
    #[must_use]
    pub fn redact(mut self, redaction: Redaction) -> Stdout {
        self.redact = Some(redaction);
        self
    }

    /// Prints to something else than the standard output.
    #[must_use]
    pub fn to(mut self, output: impl Write + Send + 'static) -> Stdout {
        self.output = Some(Box::new(output));
        self
    }

    /// Writes each line before the event goes on, and not from a thread of its own: for an output that takes no time, such as
    /// that of a test, where lines of several actors are to stay in order.
    #[must_use]
    pub fn at_once(mut self) -> Stdout {
        self.at_once = true;
        self
    }

    fn line(&self, event: &Event) -> Result<String> {
        let mut line = String::new();
        if self.timestamp {
            line = format!("[{}] ", Timestamp::now());
        }
        line.push_str(&self.prefix);
        if self.complete {
            line.push_str(&complete(event));
        } else {
            line.push_str(&String::from_utf8_lossy(event.bytes()?));
        }
        line.push('\n');
        Ok(line)
    }
}

impl Actor for Stdout {
    async fn start(&mut self, _: &Context) -> Result {
        // It may be started again after a panic.
        if self.writer.is_some() || self.at_once {
            return Ok(());
        }
        let output = self.output.take();
        let output = output.unwrap_or_else(|| Box::new(std::io::stdout()));
        self.writer = Some(LineWriter::start(output)?);
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let line = match &self.redact {
            Some(redaction) => self.line(&redaction.event(event.clone())?)?,
            None => self.line(&event)?,
        };
        if let (true, Some(output)) = (self.at_once, &mut self.output) {
            output.write_all(line.as_bytes())?;
        } else if let Some(writer) = &mut self.writer {
            match writer.write(line).await {
                Ok(()) => {}
                Err(Unwritten::Failed(error)) => return Err(error),
                Err(Unwritten::Closed) => ctx.stop_flow(),
            }
        }
        ctx.send(event)
    }

    async fn stop(&mut self, ctx: &Context) -> Result {
        match self.writer.take() {
            Some(writer) => writer.finish(ctx).await,
            None => Ok(()),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().sink().single()
    }
}

/// Returns a complete event as JSON.
pub(crate) fn complete(event: &Event) -> String {
    let mut value = json!({
        "id": event.id().to_string(),
        "meta_id": event.meta_id(),
        "service": event.service(),
        "attributes": event.attributes().to_value(),
        "payload": event.payload().to_value(),
    });
    if let Some(error) = event.error().map(Failure::to_value) {
        value["error"] = error;
    }
    value.to_string()
}
