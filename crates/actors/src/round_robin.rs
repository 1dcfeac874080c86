//! Events shared out.

use compysition_core::{Actor, Context, Event, Ports, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// Sends each event to one of the outboxes, to each in its turn.
///
/// With `random` the outbox is drawn by lot. For several workers of one kind a `pool` does better: there the next event goes
/// to one that is free.
///
/// Example: `round_robin`
///
/// Purpose: route. Patterns: message router.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoundRobin {
    /// Whether the outbox is drawn by lot.
    #[serde(alias = "randomize")]
    random: bool,
    #[serde(skip)]
    outboxes: Vec<String>,
    #[serde(skip)]
    next: usize,
}

impl RoundRobin {
    /// Makes an actor that sends to each outbox in its turn.
    pub fn new() -> RoundRobin {
        RoundRobin::default()
    }

    /// Draws the outbox by lot.
    #[must_use]
    pub fn random(mut self) -> RoundRobin {
        self.random = true;
        self
    }
}

impl Actor for RoundRobin {
    const KEEP_INPUT: bool = false;

    async fn start(&mut self, ctx: &Context) -> Result {
        self.outboxes = ctx.outboxes().map(str::to_owned).collect();
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let count = self.outboxes.len().max(1);
        if self.random {
            self.next = (ctx.random() % count as u64) as usize;
        }
        let outbox = self.outboxes.get(self.next % count);
        self.next = (self.next + 1) % count;
        match outbox {
            Some(outbox) => ctx.send_to(outbox, event),
            None => ctx.send(event),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().chooses().single()
    }
}
