//! A flow with a door, `deduplicate`, and work behind it that takes a second.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use compysition_actors::{AskError, DeadLetters, Door, DoorHandle};
use compysition_core::{
    Actor, Built, Context, Director, Error, Event, Flow, Outcome, Registry, Result,
};
use serde_json::{Value, json};

/// Makes an actor from settings, as a flow file does, and makes it anew when it panics.
pub(crate) fn build(settings: Value) -> Result<Built, String> {
    let first = build_once(settings.clone())?;
    Ok(Built::renewable(first, move || {
        build_once(settings.clone()).map_err(Error::internal)
    }))
}

fn build_once(settings: Value) -> Result<Built, String> {
    let mut registry = Registry::new();
    compysition_store::register(&mut registry);
    let kind = registry.get("deduplicate").unwrap();
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    kind.build(&mut settings).map_err(|error| error.to_string())
}

/// Takes a second for each event, and fails on the first ones.
pub(crate) struct Work {
    pub(crate) begun: Arc<AtomicUsize>,
    pub(crate) failing: usize,
}

impl Actor for Work {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let number = self.begun.fetch_add(1, Relaxed) + 1;
        let failing = self.failing;
        ctx.spawn(event, move |mut event, ctx| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if number <= failing {
                return Err(Error::unavailable("not yet"));
            }
            event.set_path("http.status", 201)?;
            event.set_path("http.response_headers.location", format!("/{number}"))?;
            ctx.send(event.with(format!("done {number}")))
        });
        Ok(())
    }
}

/// A running flow.
pub(crate) struct Running {
    pub(crate) flow: Flow,
    pub(crate) door: DoorHandle,
    pub(crate) begun: Arc<AtomicUsize>,
}

impl Running {
    /// Starts `door -> once -> work -> door`, and `once.duplicate -> door` if that is wanted.
    pub(crate) async fn start(settings: Value, failing: usize, duplicate: bool) -> Running {
        let director = Director::new("flow");
        Running::of(director, settings, failing, duplicate).await
    }

    /// Starts a flow whose work fails, and which has dead letters.
    pub(crate) async fn with_dead_letters(settings: Value, path: &str) -> Running {
        let mut director = Director::new("flow");
        let letters = director.register("letters", DeadLetters::at(path));
        director.set_dead_letters(letters);
        Running::of(director, settings, 1, true).await
    }

    async fn of(
        mut director: Director,
        settings: Value,
        failing: usize,
        duplicate: bool,
    ) -> Running {
        let (door, handle) = Door::new();
        let door = director.register("door", door);
        let once = director.register("once", build(settings).unwrap());
        let begun = Arc::new(AtomicUsize::new(0));
        let work = Work {
            begun: begun.clone(),
            failing,
        };
        let work = director.register("work", work);
        director.connect(door, once);
        director.connect(once.port("out"), work);
        director.connect(work, door.port("answers"));
        if duplicate {
            director.connect(once.port("duplicate"), door.port("repeats"));
        }
        let flow = director.start().await.unwrap();
        Running {
            flow,
            door: handle,
            begun,
        }
    }

    /// Asks with a key; returns what the answer carries and its status, or the kind of the error.
    pub(crate) async fn ask(&self, key: &str) -> String {
        ask(&self.door, key).await
    }

    /// Asks in the background.
    pub(crate) fn begin(&self, key: &str) -> tokio::task::JoinHandle<String> {
        let (door, key) = (self.door.clone(), key.to_owned());
        tokio::spawn(async move { ask(&door, &key).await })
    }

    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Relaxed)
    }

    pub(crate) async fn stop(self) {
        assert!(self.flow.stop().await.is_clean());
        assert_eq!(self.flow.snapshot().imbalance(), None);
    }
}

async fn ask(door: &DoorHandle, key: &str) -> String {
    let event = Event::new("question").with_attribute("key", key);
    match door
        .ask(event.with_attribute("http", json!({ "method": "POST" })))
        .await
    {
        Ok(answer) => {
            let at = |path: &str| answer.lookup(path).unwrap_or_default();
            let state = at("attributes.deduplicate.state");
            let (status, to) = (at("http.status"), at("http.response_headers.location"));
            let text = answer.text().unwrap();
            match state.as_str() {
                None => format!("{text} {status}"),
                Some(state) => format!("{state}: {text} {status} {to}"),
            }
        }
        Err(AskError::Unanswered(why)) => why.failure.unwrap().error.kind().to_string(),
        Err(error) => error.to_string(),
    }
}

/// Sends without asking; returns how it ended.
pub(crate) async fn tell(running: &Running, key: &str) -> Outcome {
    let event = Event::new("note").with_attribute("key", key);
    running.door.tell(event).await.unwrap().await
}

/// A directory that goes away with its test.
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn new() -> Files {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Relaxed);
        let name = format!("store-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Files(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What is left in the target directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
