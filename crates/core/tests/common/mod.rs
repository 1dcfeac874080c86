//! Small actors for the tests of the engine.
#![allow(dead_code, reason = "each test binary uses some of these")]

use std::sync::{Arc, Mutex};

use compysition_core::{Actor, Context, Event, Outcome, Ports, Result, Settlement};

/// Emits `count` numbered events, as fast as permits allow.
pub struct Count(pub u64);

impl Actor for Count {
    async fn start(&mut self, ctx: &Context) -> Result {
        let count = self.0;
        ctx.produce(move |source| async move {
            for number in 0..count {
                let _: Settlement = source.emit(number.to_string()).await?;
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source().sink()
    }
}

/// Emits the given events one after the other and keeps how each of them settled.
pub struct Script(pub Vec<Event>, pub Arc<Mutex<Vec<Outcome>>>);

impl Actor for Script {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (events, outcomes) = (std::mem::take(&mut self.0), self.1.clone());
        ctx.produce(move |source| async move {
            for event in events {
                let outcome = source.emit(event).await?.await;
                outcomes.lock().unwrap().push(outcome);
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

/// Passes each event on.
pub struct Forward;

impl Actor for Forward {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

/// Keeps the text of each event.
#[derive(Clone, Default)]
pub struct Collect(pub Arc<Mutex<Vec<String>>>);

impl Actor for Collect {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        self.0.lock().unwrap().push(event.text()?.to_owned());
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

impl Collect {
    pub fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}
