//! A file that lines are added to.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use compysition_core::Context;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How much may wait to be written. Beyond that lines are lost, and counted: a disk that hangs must not take
/// the server with it.
const MOST: usize = 4 << 20;

/// A file that lines are added to, many at a time, by one task.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    waiting: Mutex<Lines>,
    news: Notify,
    /// Whose turn it is to write.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    lost: u64,
    /// Whether the last lines could not be written.
    is_failing: bool,
    is_closed: bool,
}

impl LogFile {
    pub(super) fn new(path: PathBuf) -> LogFile {
        LogFile {
            path,
            waiting: Mutex::default(),
            news: Notify::new(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Takes a line to be written.
    pub(super) fn push(&self, line: &str) {
        let mut waiting = self.waiting.lock();
        if waiting.is_closed {
            drop(waiting);
            let written = append(&self.path, line.as_bytes());
            return self.written(written, line.as_bytes());
        }
        if waiting.bytes.len() + line.len() > MOST {
            waiting.lost += 1;
            return;
        }
        let is_first = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line.as_bytes());
        drop(waiting);
        if is_first {
            self.news.notify_one();
        }
    }

    /// Writes lines as they come.
    pub(super) async fn run(&self, ctx: &Context) {
        loop {
            self.news.notified().await;
            self.flush(ctx).await;
        }
    }

    /// Writes what waits; later lines are written at once.
    pub(super) async fn close(&self, ctx: &Context) {
        self.waiting.lock().is_closed = true;
        self.flush(ctx).await;
    }

    async fn flush(&self, ctx: &Context) {
        let _turn = self.turn.lock().await;
        let bytes = std::mem::take(&mut self.waiting.lock().bytes);
        if bytes.is_empty() {
            return;
        }
        let path = self.path.clone();
        let work = move || (append(&path, &bytes), bytes);
        if let Ok((written, bytes)) = ctx.blocking(work).await {
            self.written(written, &bytes);
        }
    }

    /// Tells when lines are lost, once, and how many there were when it is over.
    fn written(&self, written: io::Result<()>, bytes: &[u8]) {
        let mut waiting = self.waiting.lock();
        let was_failing = std::mem::replace(&mut waiting.is_failing, written.is_err());
        let path = self.path.display();
        match written {
            Err(error) => {
                let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
                waiting.lost += lines as u64;
                if !was_failing {
                    tracing::warn!("the access log {path} cannot be written: {error}");
                }
            }
            Ok(()) if waiting.lost > 0 => {
                let lost = std::mem::take(&mut waiting.lost);
                tracing::warn!("{lost} lines of the access log {path} were lost");
            }
            Ok(()) => {}
        }
    }
}

fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(bytes)
}
