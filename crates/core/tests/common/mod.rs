//! Small actors for the tests of the engine.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test may panic, and uses some of these"
)]

use std::sync::{Arc, Mutex};

use compysition_core::{Actor, Context, Event, Outcome, Ports, Result};

/// Emits `count` numbered events, as fast as permits allow.
pub(crate) struct Count(pub(crate) u64);

impl Actor for Count {
    async fn start(&mut self, ctx: &Context) -> Result {
        let count = self.0;
        ctx.produce(move |source| async move {
            for number in 0..count {
                drop(source.emit(number.to_string()).await?);
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
pub(crate) struct Script(pub(crate) Vec<Event>, pub(crate) Arc<Mutex<Vec<Outcome>>>);

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

/// Emits some texts, as fast as permits allow.
pub(crate) struct Texts(Vec<String>);

impl Texts {
    /// Takes the words of a text.
    pub(crate) fn of(words: &str) -> Texts {
        Texts(words.split_whitespace().map(str::to_owned).collect())
    }
}

impl Actor for Texts {
    async fn start(&mut self, ctx: &Context) -> Result {
        let texts = std::mem::take(&mut self.0);
        ctx.produce(|source| async move {
            for text in texts {
                drop(source.emit(text).await?);
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
pub(crate) struct Forward;

impl Actor for Forward {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

/// Keeps the text of each event.
#[derive(Clone, Default)]
pub(crate) struct Collect(pub(crate) Arc<Mutex<Vec<String>>>);

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
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}
