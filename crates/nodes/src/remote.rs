//! What stands in one process for an actor that runs in another.

use std::sync::{Arc, OnceLock};

use compysition_core::{Actor, Context, Error, ErrorKind, Event, Port, Ports, Result};

use serde_json::Value;

use crate::exchange::Exchange;

/// The place of an actor that runs elsewhere.
pub(crate) struct Stub {
    /// The process that it runs in.
    pub(crate) process: Arc<str>,
    /// Its inboxes, and the numbers that both sides know them by.
    pub(crate) inlets: Vec<(Port, usize)>,
    /// Set when it has started.
    ctx: OnceLock<Context>,
}

impl Stub {
    pub(crate) fn new(process: Arc<str>, inlets: Vec<(Port, usize)>) -> Stub {
        Stub {
            process,
            inlets,
            ctx: OnceLock::new(),
        }
    }

    /// Returns how answers and failures are sent on; none before the flow has started.
    pub(crate) fn ctx(&self) -> Option<&Context> {
        self.ctx.get()
    }
}

/// Sends what comes for an actor to where it runs.
pub(crate) struct Remote {
    stub: Arc<Stub>,
    exchange: Arc<Exchange>,
    /// The most bytes of a payload.
    largest: usize,
}

impl Remote {
    pub(crate) fn new(stub: Arc<Stub>, exchange: Arc<Exchange>, largest_frame: usize) -> Remote {
        Remote {
            stub,
            exchange,
            // Some room is left for attributes.
            largest: largest_frame - largest_frame / 16,
        }
    }
}

impl Actor for Remote {
    const KEEP_INPUT: bool = false;

    async fn start(&mut self, ctx: &Context) -> Result {
        // Made anew after a panic it has the same context.
        let _ = self.stub.ctx.set(ctx.clone());
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if let Some(error) = unfit(&event, self.largest) {
            return Err(error.giving_back(event));
        }
        let known = self.stub.inlets.iter();
        let mut own = known.filter(|(inbox, _)| *inbox == *ctx.inbox());
        let Some((_, inlet)) = own.next() else {
            let message = format!("inbox `{}` is known to no other process", ctx.inbox());
            return Err(Error::internal(message).giving_back(event));
        };
        ctx.hand_over();
        self.exchange.send(&self.stub, *inlet, event, ctx);
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink().single()
    }
}

/// How deep attributes may be nested: less than the reader of the other side follows.
const DEEPEST: usize = 100;

/// Says why an event cannot go to another process: it cannot be written out, or could not be read there.
pub(crate) fn unfit(event: &Event, largest: usize) -> Option<Error> {
    let payload = match event.bytes() {
        Ok(bytes) => bytes.len(),
        Err(error) => return Some(error),
    };
    let attributes = match event.attributes().is_empty() {
        true => 0,
        false => {
            let value = event.attributes().to_value();
            if depth(&value) > DEEPEST {
                let message = format!(
                    "attributes nested more than {DEEPEST} deep cannot go to another process"
                );
                return Some(Error::new(ErrorKind::TooLarge, message));
            }
            value.to_string().len()
        }
    };
    let size = payload + attributes;
    (size > largest).then(|| {
        let message = format!(
            "the event has {size} bytes, and the links between processes carry at most {largest}"
        );
        Error::new(ErrorKind::TooLarge, message)
    })
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
