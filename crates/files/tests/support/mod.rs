//! What tests of files need.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test may panic, and each test program uses a part"
)]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::testing::Harness;
use compysition_core::{Actor, Context, Director, Event, Limits, Ports, Result};
use compysition_files::FileIn;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

pub(crate) fn append(path: &str, text: &str) {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A directory of its own, which goes with it.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Directory {
        let name = format!("compysition-files-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is logged on this thread, as long as it is there.
pub(crate) struct Log(Lines, tracing::subscriber::DefaultGuard);

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(crate) fn new() -> Log {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        Log(lines, tracing::subscriber::set_default(subscriber))
    }

    /// Takes the lines that have this text.
    pub(crate) fn take(&self, text: &str) -> Vec<String> {
        let all = std::mem::take(&mut *self.0.0.lock());
        let all = String::from_utf8(all).unwrap();
        let lines = all.lines().filter(|line| line.contains(text));
        lines.map(str::to_owned).collect()
    }
}

/// Lets so many events pass as there are permits, and the others wait.
pub(crate) struct Passing(
    pub(crate) Arc<Semaphore>,
    pub(crate) Arc<Mutex<Vec<String>>>,
);

impl Actor for Passing {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        self.1.lock().push(event.text()?.to_owned());
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Makes `file_in -> passing`, where so many events pass at first.
pub(crate) fn before_passing(
    settings: &Value,
    passes: usize,
) -> (Director, Arc<Semaphore>, Arc<Mutex<Vec<String>>>) {
    let (pass, seen) = (Arc::new(Semaphore::new(passes)), Arc::default());
    let mut director = Director::new("passing");
    let actor = serde_json::from_value::<FileIn>(settings.clone()).unwrap();
    let files = director.register("files", actor);
    let passing = director.register("passing", Passing(pass.clone(), Arc::clone(&seen)));
    director.connect(files, passing);
    (director, pass, seen)
}

/// Makes a runtime whose time passes as soon as there is nothing to do.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

/// More than the time between two looks, or that a file must not change.
pub(crate) const A_WHILE: Duration = Duration::from_millis(3500);

pub(crate) fn start(settings: Value) -> Harness {
    Harness::new(serde_json::from_value::<FileIn>(settings).unwrap())
}

/// Lets the harness's time pass, and returns the texts that came.
pub(crate) fn texts(harness: &mut Harness) -> Vec<String> {
    harness.advance(A_WHILE);
    let events = harness.take();
    let texts = events.iter().map(|event| event.text().unwrap().to_owned());
    texts.collect()
}

/// Runs `file_in` for a while before an actor that lets so many events pass, and ends that as a kill would.
pub(crate) fn run_and_kill(settings: &Value, pass: usize) -> Vec<String> {
    run_within(Limits::default(), settings, pass)
}

pub(crate) fn run_within(limits: Limits, settings: &Value, pass: usize) -> Vec<String> {
    let (mut director, _pass, seen) = before_passing(settings, pass);
    director.set_limits(limits);
    runtime().block_on(async {
        let flow = director.start().await.unwrap();
        tokio::time::sleep(A_WHILE).await;
        flow.abort().await;
    });
    let seen = seen.lock();
    seen.clone()
}
