//! One process for all events.

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use compysition_core::{Context, Error, ErrorKind, Event, Result};
use tokio::io::AsyncBufRead;
use tokio::time::{Instant, sleep, timeout};

use crate::child::Child;
use crate::envelope::NoEvent;
use crate::exec::Plan;
use crate::fault;
use crate::frame::{Broken, Frame};
use crate::restarts::{Counter, Restarts};

/// Keeps a process, and asks it about one event after the other.
pub(crate) struct Keep {
    frame: Frame,
    restarts: Counter,
    /// It is not here while it is asked: who breaks off leaves none that would answer late.
    child: Option<Child>,
    /// Why there is none.
    cause: Cow<'static, str>,
}

const BROKEN_OFF: &str = "was broken off";

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Keep");
        shown.field("frame", &self.frame);
        shown.field("restarts", &self.restarts);
        shown.finish_non_exhaustive()
    }
}

impl Keep {
    pub(crate) fn new(frame: Frame, restarts: Restarts) -> Keep {
        Keep {
            frame,
            restarts: Counter::new(restarts),
            child: None,
            cause: BROKEN_OFF.into(),
        }
    }

    /// Starts the process.
    ///
    /// # Errors
    /// Unavailable, if it cannot be started.
    pub(crate) fn start(&mut self, plan: &Plan, ctx: &Context) -> Result {
        self.child = Some(plan.program.start(None, ctx)?);
        Ok(())
    }

    /// Has the process work on an event.
    ///
    /// # Errors
    /// What the process says; unavailable, if it dies; timeout, if it takes too long; bad gateway, if it does not
    /// answer as it must.
    pub(crate) async fn ask(&mut self, plan: &Plan, event: Event, ctx: &Context) -> Result<Event> {
        let told = plan.form.told(&event)?;
        self.frame.check(&told)?;
        let mut child = self.ready(plan, ctx).await?;
        // Should this future be dropped: the time of the actor itself may be up.
        self.cause = BROKEN_OFF.into();
        let talk = timeout(
            plan.timeout.0,
            exchange(&mut child, self.frame, &told, plan.max_output),
        );
        let answer = talk.await;
        drop(told);
        let program = &plan.program.name;
        let (cause, error) = match answer {
            Ok(Ok(answer)) => match plan.form.apply(event, answer) {
                Ok(event) => {
                    self.child = Some(child);
                    return Ok(event);
                }
                Err(NoEvent::Said(error)) => {
                    self.child = Some(child);
                    return Err(error);
                }
                Err(NoEvent::Garbled(why)) => {
                    let why = format!("wrote what is no answer: {why}");
                    let message = format!("`{program}` {why}");
                    (Some(why), Error::new(ErrorKind::BadGateway, message))
                }
            },
            Ok(Err(Broken::TooLarge)) => (
                Some("wrote too much".into()),
                fault::too_large(program, plan.max_output),
            ),
            Err(_) => (
                Some(format!("took longer than {}", plan.timeout)),
                fault::too_slow(program, plan.timeout),
            ),
            Ok(Err(Broken::Ended)) => (None, Error::unavailable("")),
            Ok(Err(Broken::Io(error))) => {
                let why = format!("cannot be talked to: {error}");
                let message = format!("`{program}` {why}");
                (Some(why), Error::unavailable(message))
            }
        };
        // One that has closed its output may be about to end by itself.
        let died = match cause {
            None => end_of(&mut child).await,
            Some(_) => {
                child.kill().await;
                String::new()
            }
        };
        let Some(cause) = cause else {
            let message = format!("`{program}` {died} while it worked on the event");
            self.cause = died.into();
            return Err(Error::unavailable(message));
        };
        self.cause = cause.into();
        Err(error)
    }

    /// Returns a process that waits for an event: the one that there is, or a new one.
    async fn ready(&mut self, plan: &Plan, ctx: &Context) -> Result<Child> {
        if let Some(mut child) = self.child.take() {
            match unasked(&mut child).await {
                None => return Ok(child),
                Some(Unasked::Ended) => self.cause = end_of(&mut child).await.into(),
                Some(Unasked::Said) => {
                    child.kill().await;
                    self.cause = "wrote something without being asked".into();
                }
            }
        }
        let (program, cause) = (&plan.program.name, &self.cause);
        let delay = self.restarts.next(program, cause, Instant::now())?;
        let (flow, actor) = (ctx.flow(), ctx.actor());
        tracing::error!(flow, actor, "`{program}` {cause}, and is started anew");
        tokio::select! {
            () = sleep(delay) => {}
            () = ctx.stopping() => {}
        }
        plan.program.start(None, ctx)
    }

    /// Ends the process.
    pub(crate) async fn end(&mut self, grace: Duration) {
        if let Some(child) = self.child.take() {
            child.end(grace).await;
        }
    }
}

/// Sends an event and reads the answer at the same time: a process may begin to answer before it has read all.
async fn exchange(
    child: &mut Child,
    frame: Frame,
    told: &[u8],
    most: usize,
) -> Result<Vec<u8>, Broken> {
    let stdin = child.stdin.as_mut().ok_or(Broken::Ended)?;
    let write = frame.write(stdin, told);
    let read = frame.read(&mut child.stdout, most);
    let ((), answer) = tokio::try_join!(write, read)?;
    Ok(answer)
}

/// What a process did that was not asked.
enum Unasked {
    Ended,
    Said,
}

/// Returns what the process has done since its last answer, if anything. It does not wait.
async fn unasked(child: &mut Child) -> Option<Unasked> {
    if child.ended().is_some() {
        return Some(Unasked::Ended);
    }
    poll_fn(|cx| {
        Poll::Ready(match Pin::new(&mut child.stdout).poll_fill_buf(cx) {
            Poll::Pending => None,
            Poll::Ready(Ok(bytes)) if !bytes.is_empty() => Some(Unasked::Said),
            Poll::Ready(_) => Some(Unasked::Ended),
        })
    })
    .await
}

/// How long a process that has closed its output may take to end.
const PATIENCE: Duration = Duration::from_millis(500);

/// Ends a process that talks no more, and says how.
async fn end_of(child: &mut Child) -> String {
    let status = match timeout(PATIENCE, child.wait()).await {
        Ok(status) => status.ok(),
        Err(_) => {
            child.kill().await;
            return "has closed its output".into();
        }
    };
    // What it said last is in the log: an `unavailable` is told to clients.
    fault::how(status, "")
}
