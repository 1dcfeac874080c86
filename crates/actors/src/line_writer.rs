//! A thread that writes lines.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};

use compysition_core::{Context, Error, ErrorKind, Result};
use tokio::sync::mpsc;

/// How many lines may wait to be written. The flow waits when there are more.
const WAITING: usize = 1024;

/// Writes lines from a thread of its own, since a terminal or a pipe may take its time. Lines are never
/// mixed, and none is left in a buffer while there is nothing else to write.
pub(crate) struct LineWriter {
    lines: mpsc::Sender<String>,
    thread: JoinHandle<()>,
    broken: Arc<OnceLock<io::Error>>,
}

/// Says why a line cannot be written.
pub(crate) enum Unwritten {
    /// Nobody reads any more.
    Closed,
    /// Something else went wrong.
    Failed(Error),
}

impl LineWriter {
    pub(crate) fn start(output: Box<dyn Write + Send>) -> Result<LineWriter> {
        let (lines, mut waiting) = mpsc::channel(WAITING);
        let broken = Arc::new(OnceLock::new());
        let result = broken.clone();
        // Not on the runtime's blocking pool: what never ends there would hold up the end of the runtime.
        let thread = Builder::new().name("lines".into()).spawn(move || {
            if let Err(error) = write_all(&mut waiting, output) {
                if error.kind() != io::ErrorKind::BrokenPipe {
                    tracing::error!("lines are lost, they cannot be written: {error}");
                }
                // Set before `waiting` closes, so that who finds it closed finds the reason. Nobody else
                // sets it.
                let _ = result.set(error);
            }
        })?;
        Ok(LineWriter {
            lines,
            thread,
            broken,
        })
    }

    /// Hands over a line, with its end.
    pub(crate) async fn write(&self, line: String) -> Result<(), Unwritten> {
        if self.lines.send(line).await.is_ok() {
            return Ok(());
        }
        match self.broken.get() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let message = format!("cannot write a line: {error}");
                Err(Unwritten::Failed(Error::internal(message)))
            }
            _ => Err(Unwritten::Closed),
        }
    }

    /// Waits until all lines are written.
    ///
    /// # Errors
    /// Panicked, if the output does.
    pub(crate) async fn finish(self, ctx: &Context) -> Result {
        drop(self.lines);
        let thread = self.thread;
        let ended = ctx.blocking(move || thread.join()).await?;
        ended.map_err(|_| Error::new(ErrorKind::Panicked, "the output of lines panicked"))
    }
}

fn write_all(
    lines: &mut mpsc::Receiver<String>,
    mut output: Box<dyn Write + Send>,
) -> io::Result<()> {
    let mut waiting = Vec::new();
    while lines.blocking_recv_many(&mut waiting, WAITING) > 0 {
        // One call for all that waits: the lines of other writers come between, but not within.
        output.write_all(waiting.concat().as_bytes())?;
        output.flush()?;
        waiting.clear();
    }
    Ok(())
}
