//! The actors of the program under test.

use compysition_actors::DeadLetters;
use compysition_core::{Actor, Context, Error, Event, Ports, Registry, Result};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.add::<DeadLetters>("dead_letters");
    registry.add::<Count>("count");
    registry.add::<Print>("print").alias("echo", "print");
    registry.add::<Refuse>("refuse");
    registry.add::<Slow>("slow");
    registry.add::<Stuck>("stuck");
    registry.add::<Broken>("broken");
    registry.add::<Door>("door");
    registry
}

/// Makes numbered events. Without an end it goes on for ever.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Count {
    to: Option<u32>,
}

impl Actor for Count {
    async fn start(&mut self, ctx: &Context) -> Result {
        let to = self.to;
        ctx.produce(move |source| async move {
            for number in 1..=to.unwrap_or(u32::MAX) {
                let mut event = Event::new(number.to_string());
                event.set_meta_id(format!("number-{number}"));
                drop(source.emit(event).await?);
                if to.is_none() {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Prints each event.
///
/// Example: `print: { prefix: "> " }`
///
/// Purpose: observe. Patterns: wire tap.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Print {
    /// What stands before the text.
    prefix: String,
}

impl Actor for Print {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        println!("{}{}", self.prefix, event.text()?);
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Refuses each event, or panics.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Refuse {
    panic: bool,
}

impl Actor for Refuse {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        if self.panic {
            panic!("out of order");
        }
        Err(Error::malformed("not to my taste"))
    }
}

/// Says that it begins, takes its time, and says that it is done.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slow {
    milliseconds: u64,
}

impl Actor for Slow {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        println!("begun");
        tokio::time::sleep(std::time::Duration::from_millis(self.milliseconds)).await;
        println!("done");
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Keeps its thread for itself, and waits for nothing that could be broken off.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Stuck {}

impl Actor for Stuck {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        println!("begun");
        let (_never, told) = std::sync::mpsc::channel::<()>();
        told.recv()
            .map_err(|error| Error::internal(error.to_string()))
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Cannot start.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Broken {}

impl Actor for Broken {
    async fn start(&mut self, _: &Context) -> Result {
        Err(Error::unavailable("the port is in use"))
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

/// Lets requests in, of which there are none.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Door {}

impl Actor for Door {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}
