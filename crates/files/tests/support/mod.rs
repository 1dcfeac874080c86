//! What tests of files need.
#![allow(dead_code, reason = "each test program uses a part")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use compysition_core::{Actor, Context, Event, Ports, Result};
use parking_lot::Mutex;
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
