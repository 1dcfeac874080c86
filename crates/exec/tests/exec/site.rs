//! What the tests share.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use compysition_core::testing::Harness;
use compysition_core::{Error, ErrorKind, Event, Registry};
use compysition_exec::Exec;
use serde_json::{Value, json};

pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    compysition_exec::register(&mut registry);
    registry
}

pub(crate) fn exec(settings: Value) -> Exec {
    serde_json::from_value(settings).unwrap()
}

pub(crate) fn start(settings: Value) -> Harness {
    Harness::of(exec(settings)).real_time().start()
}

/// Makes settings of a program in Python; `more` are further ones.
pub(crate) fn python(code: &str, more: Value) -> Value {
    let mut settings = json!({ "command": ["python3", "-c", code], "timeout": "20s" });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

/// Sends an event and returns what came of it.
pub(crate) fn ask(harness: &mut Harness, event: impl Into<Event>) -> Result<Event, Error> {
    harness.send(event);
    match harness.take().pop() {
        Some(event) => Ok(event),
        None => Err(harness.errors()[0].error().unwrap().error.clone()),
    }
}

pub(crate) fn text(harness: &mut Harness, event: impl Into<Event>) -> String {
    ask(harness, event).unwrap().text().unwrap().to_owned()
}

pub(crate) fn failed(harness: &mut Harness, event: impl Into<Event>) -> (ErrorKind, String) {
    let error = ask(harness, event).unwrap_err();
    (error.kind(), error.message().to_owned())
}

/// Returns whether a process runs; one that only waits for its parent to take notice does not.
fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// Waits until a process has gone.
pub(crate) fn assert_ends(pid: &str) {
    let pid = pid.trim();
    assert!(pid.parse::<u32>().is_ok(), "{pid}");
    until(|| !is_running(pid));
}

/// Waits until a process has gone and its parent has taken notice.
pub(crate) fn assert_reaped(pid: &str) {
    let path = format!("/proc/{}", pid.trim());
    until(|| !std::fs::exists(&path).unwrap());
}

pub(crate) fn until(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20), "it never came");
        std::thread::yield_now();
    }
}

/// A file that goes with it.
pub(crate) struct Note(PathBuf);

impl Note {
    pub(crate) fn new(name: &str) -> Note {
        let name = format!("compysition-exec-{name}-{}", std::process::id());
        let note = Note(std::env::temp_dir().join(name));
        let _ = std::fs::remove_file(&note.0);
        note
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub(crate) fn read(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap_or_default()
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
