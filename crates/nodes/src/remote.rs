//! What stands in one process for an actor that runs in another.

use std::sync::Arc;
use std::time::Duration;

use compysition_core::{
    Actor, Context, Error, ErrorKind, Event, Port, Ports, Result, Retained, Tick,
};

use crate::calls::Call;
use crate::exchange::Exchange;
use crate::wire::written;

/// Sends what comes for an actor to where it runs.
pub(crate) struct Remote {
    /// The process that the actor runs in.
    process: Arc<str>,
    /// Its inboxes, and the numbers that both sides know them by.
    inlets: Vec<(Port, u32)>,
    exchange: Arc<Exchange>,
    /// The most bytes of a payload.
    largest: usize,
    /// What came together, and goes together.
    waiting: Vec<Call>,
}

/// After how many events those that wait go, whether more come or not.
const TOGETHER: usize = 128;

impl Remote {
    pub(crate) fn new(
        process: Arc<str>,
        inlets: Vec<(Port, u32)>,
        exchange: Arc<Exchange>,
        largest_frame: usize,
    ) -> Remote {
        Remote {
            process,
            inlets,
            exchange,
            // Some room is left for attributes.
            largest: largest_frame - largest_frame / 16,
            waiting: Vec::new(),
        }
    }

    /// Returns the number that the present inbox has for both sides.
    fn inlet(&self, ctx: &Context) -> Result<u32> {
        let mut known = self.inlets.iter();
        let own = known.find(|(inbox, _)| *inbox == *ctx.inbox());
        own.map(|(_, inlet)| *inlet).ok_or_else(|| {
            let inbox = ctx.inbox();
            Error::internal(format!("inbox `{inbox}` is known to no other process"))
        })
    }

    /// Has events wait, with their attributes written out. Sends what waits if that is much, or else as soon as there is
    /// nothing else to take.
    fn add(
        &mut self,
        events: impl IntoIterator<Item = (Event, Box<[u8]>)>,
        inlet: u32,
        ctx: &Context,
    ) {
        let is_first = self.waiting.is_empty();
        let calls = events.into_iter().map(|(event, attributes)| {
            let asked = self.exchange.listen(inlet, &event);
            Call::new((event, attributes), inlet, asked)
        });
        self.waiting.extend(calls);
        if self.waiting.len() >= TOGETHER {
            self.send_on();
        } else if is_first {
            ctx.wake_after(Duration::ZERO);
        }
    }

    fn send_on(&mut self) {
        if !self.waiting.is_empty() {
            let calls = std::mem::take(&mut self.waiting);
            self.exchange.place(&self.process, calls);
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // Nothing is lost with it.
        self.send_on();
    }
}

impl Actor for Remote {
    const KEEP_INPUT: bool = false;

    async fn start(&mut self, ctx: &Context) -> Result {
        for (_, inlet) in &self.inlets {
            self.exchange.stand(*inlet, ctx);
        }
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let attributes = match fit(&event, self.largest) {
            Ok(attributes) => attributes,
            Err(error) => return Err(error.giving_back(event)),
        };
        let inlet = match self.inlet(ctx) {
            Ok(inlet) => inlet,
            Err(error) => return Err(error.giving_back(event)),
        };
        ctx.hand_over();
        self.add([(event, attributes)], inlet, ctx);
        Ok(())
    }

    fn takes_all(&self) -> bool {
        true
    }

    async fn consume_all(&mut self, mut events: Retained, ctx: &Context) -> Result {
        let inlet = match self.inlet(ctx) {
            Ok(inlet) => inlet,
            Err(error) => {
                events.keep_if_ok(|_| Err(error.clone()));
                return Ok(());
            }
        };
        let mut written = Vec::with_capacity(events.len());
        events.keep_if_ok(|event| {
            written.push(fit(event, self.largest)?);
            Ok(())
        });
        self.add(events.release().into_iter().zip(written), inlet, ctx);
        Ok(())
    }

    async fn tick(&mut self, _: Tick, _: &Context) -> Result {
        self.send_on();
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink().single()
    }
}

/// How deep attributes may be nested: less than the reader of the other side follows.
const DEEPEST: usize = 100;

/// Returns the attributes of an event that can go to another process, written out.
///
/// # Errors
/// Why it cannot: it cannot be written out, or could not be read there.
pub(crate) fn fit(event: &Event, largest: usize) -> Result<Box<[u8]>> {
    let payload = event.bytes()?.len();
    let attributes = written(event);
    // What has come written out could be read here, and so it can there.
    if event.attributes().as_json().is_none() && depth(&attributes) > DEEPEST {
        let message =
            format!("attributes nested more than {DEEPEST} deep cannot go to another process");
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    let size = payload + attributes.len();
    if size > largest {
        let message = format!(
            "the event has {size} bytes, and the links between processes carry at most {largest}"
        );
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    Ok(attributes)
}

/// Returns how deep JSON is nested.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next().filter(|byte| **byte != b'"') {
                    if *byte == b'\\' {
                        bytes.next();
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn depth_is_that_of_brackets_outside_of_texts() {
        for (value, expected) in [
            (json!({}), 1),
            (json!({"a": [1, {"b": []}], "c": {}}), 4),
            (json!({"[{": "\\\"[[[\\"}), 1),
            (json!(["\\", ["]"]]), 2),
        ] {
            assert_eq!(depth(value.to_string().as_bytes()), expected, "{value}");
        }
    }
}
