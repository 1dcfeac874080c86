//! What stands in one process for an actor that runs in another.

use std::sync::{Arc, OnceLock};

use compysition_core::{Actor, Context, Error, ErrorKind, Event, Port, Ports, Result};

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
        // What cannot be written out, or carried, fails here and now.
        let size = match event.bytes() {
            Ok(bytes) => bytes.len(),
            Err(error) => return Err(error.giving_back(event)),
        };
        if size > self.largest {
            let (process, largest) = (&self.stub.process, self.largest);
            let message = format!(
                "the payload has {size} bytes, and the links to process `{process}` carry at most {largest}"
            );
            return Err(Error::new(ErrorKind::TooLarge, message).giving_back(event));
        }
        let known = self.stub.inlets.iter();
        let mut own = known.filter(|(inbox, _)| *inbox == *ctx.inbox());
        if let Some((_, inlet)) = own.next() {
            ctx.hand_over();
            self.exchange.send(&self.stub, *inlet, event, ctx);
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink().single()
    }
}
