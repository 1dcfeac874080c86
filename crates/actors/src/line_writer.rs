//! A thread that writes lines.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;

use compysition_core::{Context, Error, ErrorKind, Result};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many bytes of lines may wait to be written. The flow waits when there are more.
const ROOM: u32 = 1 << 20;

/// What a line takes beside its text.
const OVERHEAD: usize = 64;

/// How many lines are written with one call.
const AT_ONCE: usize = 1024;

/// Writes lines from a thread of its own, since a terminal or a pipe may take its time. Lines are never
/// mixed, and none is left in a buffer while there is nothing else to write.
pub(crate) struct LineWriter {
    lines: UnboundedSender<Waiting>,
    room: Arc<Semaphore>,
    broken: Arc<OnceLock<io::Error>>,
    ended: Receiver<bool>,
    give_up: Sender<bool>,
}

/// A line, and the room that it takes until it is written.
type Waiting = (String, OwnedSemaphorePermit);

/// Says why a line cannot be written.
pub(crate) enum Unwritten {
    /// Nobody reads any more.
    Closed,
    /// Something else went wrong.
    Failed(Error),
}

impl LineWriter {
    pub(crate) fn start(output: Box<dyn Write + Send>) -> Result<LineWriter> {
        let (lines, mut waiting) = unbounded_channel();
        let (give_up, ended) = mpsc::channel();
        let broken = Arc::new(OnceLock::new());
        let (result, end) = (broken.clone(), AtEnd(give_up.clone()));
        // Not on the runtime's blocking pool: what never ends there would hold up the end of the runtime.
        thread::Builder::new().name("lines".into()).spawn(move || {
            let _end = end;
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
            room: Arc::new(Semaphore::new(ROOM as usize)),
            broken,
            ended,
            give_up,
        })
    }

    /// Hands over a line, with its end.
    pub(crate) async fn write(&mut self, line: String) -> Result<(), Unwritten> {
        // A line larger than all the room waits until it has it alone.
        let bytes = u32::try_from(line.len() + OVERHEAD).map_or(ROOM, |bytes| bytes.min(ROOM));
        let room = self.room.clone().acquire_many_owned(bytes).await;
        if room.is_ok_and(|room| self.lines.send((line, room)).is_ok()) {
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

    /// Waits until all lines are written. Dropped before that, it leaves the thread alone with them.
    ///
    /// # Errors
    /// Panicked, if the output does.
    pub(crate) async fn finish(self, ctx: &Context) -> Result {
        drop(self.lines);
        // If the flow does not wait any longer, the runtime must not either.
        let _give_up = AtEnd(self.give_up);
        let ended = self.ended;
        match ctx.blocking(move || ended.recv()).await? {
            Ok(true) => Ok(()),
            _ => Err(Error::new(
                ErrorKind::Panicked,
                "the output of lines panicked",
            )),
        }
    }
}

/// Ends the wait for the thread when it is dropped, and tells whether its owner ended well.
struct AtEnd(Sender<bool>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        // Nobody may be waiting.
        let _ = self.0.send(!thread::panicking());
    }
}

fn write_all(
    lines: &mut UnboundedReceiver<Waiting>,
    mut output: Box<dyn Write + Send>,
) -> io::Result<()> {
    let mut waiting = Vec::new();
    while lines.blocking_recv_many(&mut waiting, AT_ONCE) > 0 {
        // One call for all that waits: the lines of other writers come between, but not within.
        let text: String = waiting.iter().map(|(line, _)| line.as_str()).collect();
        output.write_all(text.as_bytes())?;
        output.flush()?;
        waiting.clear();
    }
    Ok(())
}
