//! A `compysition` program of one's own: all actors there are, and `upper`.
//!
//! Run it with `cargo run --example own_program --features full -- run examples/own_program/shout.yaml`.

use std::process::ExitCode;

use compysition::{Actor, Context, Event, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// Turns the text of each event into upper case.
///
/// ```yaml
/// shout: { upper: { mark: "!" } }
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub struct Upper {
    /// What is added to the end of each text.
    mark: String,
}

impl Actor for Upper {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let upper = event.text()?.to_uppercase() + &self.mark;
        ctx.send(event.with(upper))
    }
}

fn main() -> ExitCode {
    let mut registry = compysition::registry();
    registry.add::<Upper>("upper");
    compysition::cli::main(registry)
}
