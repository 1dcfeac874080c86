//! One event through one actor, and files that go away.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test may panic, and uses some of these"
)]

use std::path::PathBuf;

use compysition_core::testing::Harness;
use compysition_core::{Built, Error, Event, IntoActor, Registry, Surroundings};
use serde_json::Value;

pub(crate) fn build(kind: &str, settings: Value) -> Result<Built, String> {
    let mut registry = Registry::new();
    compysition_json::register(&mut registry);
    let kind = registry.get(kind).unwrap();
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    kind.build(&mut settings).map_err(|error| error.to_string())
}

pub(crate) fn run<Form>(
    actor: impl IntoActor<Form>,
    event: impl Into<Event>,
) -> Result<Event, Error> {
    let mut harness = Harness::new(actor);
    harness.send(event);
    let (mut sent, errors) = (harness.take(), harness.errors());
    assert_eq!(sent.len() + errors.len(), 1);
    let failed = |errors: &[Event]| errors[0].error().unwrap().error.clone();
    sent.pop().ok_or_else(|| failed(&errors))
}

/// A directory with files; removed at the end.
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Files {
        let directory =
            std::env::temp_dir().join(format!("compysition {name}-{}", std::process::id()));
        for (file, text) in files {
            let path = directory.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Files(directory)
    }

    pub(crate) fn build(&self, kind: &str, settings: Value) -> Result<Built, String> {
        let surroundings = Surroundings {
            base: self.0.clone(),
            ..Surroundings::default()
        };
        surroundings.enter(|| build(kind, settings))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
