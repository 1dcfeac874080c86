//! The end of events that nobody wants.

use compysition_core::{Actor, Context, Event, Ports, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// Ends events. How many is counted, as with every actor.
///
/// Example: `discard`
///
/// Purpose: route.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(from = "Settings")]
#[schemars(with = "Settings")]
pub struct Discard;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {}

impl From<Settings> for Discard {
    fn from(_: Settings) -> Discard {
        Discard
    }
}

impl Actor for Discard {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink().may_drop().never_fails()
    }
}
