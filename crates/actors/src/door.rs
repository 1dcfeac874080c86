//! The door for programs and tests.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{
    Actor, Admission, Context, Event, Ports, Refusal, Result, Settlement, Source, Unanswered,
};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Lets a program or a test send events into a flow, and get the answers: what reaches its inbox, or the
/// flow's `reply`, answers the event that it descends from.
///
/// ```
/// use compysition_actors::Door;
/// use compysition_core::{Director, Event, map};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> compysition_core::Result {
/// let (door, handle) = Door::new();
/// let mut director = Director::new("shout");
/// let door = director.register("door", door);
/// let upper = director.register("upper", map(|event: Event| {
///     let upper = event.text()?.to_uppercase();
///     Ok(event.with(upper))
/// }));
/// director.connect(door, upper);
/// director.connect(upper, door);
/// let flow = director.start().await?;
///
/// let answer = handle.ask("hello").await?;
/// assert_eq!(answer.text()?, "HELLO");
/// # flow.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Door {
    source: watch::Sender<Option<Source>>,
}

/// Sends events through the [`Door`] that it was made with, from any task. What it is asked before the
/// flow has started waits for that. When all handles are gone, the door makes no more events, so that a
/// flow of which it is the last source ends.
#[derive(Clone)]
pub struct DoorHandle {
    source: watch::Receiver<Option<Source>>,
    outbox: Option<Arc<str>>,
    time: Option<Duration>,
}

/// Says why an event got no answer.
#[derive(Clone, Debug)]
pub enum AskError {
    /// It was not let into the flow.
    Refused(Refusal),
    /// It was, but the flow made no answer of it.
    Unanswered(Unanswered),
    /// There was no answer within the time that it was given.
    Late(Duration),
    /// The flow has ended, or its door was dropped before it started.
    NotRunning,
}

impl Door {
    /// Makes a door, to be registered, and a handle to send events through it.
    #[allow(clippy::new_ret_no_self, reason = "one is of no use without the other")]
    pub fn new() -> (Door, DoorHandle) {
        let (sender, receiver) = watch::channel(None);
        let handle = DoorHandle {
            source: receiver,
            outbox: None,
            time: None,
        };
        (Door { source: sender }, handle)
    }
}

impl DoorHandle {
    /// Returns a handle whose events go to one of the door's outboxes, instead of a copy to each.
    #[must_use]
    pub fn to(&self, outbox: &str) -> DoorHandle {
        DoorHandle {
            outbox: Some(outbox.into()),
            ..self.clone()
        }
    }

    /// Returns a handle that waits for an answer at most so long. Work that is not done by then is skipped,
    /// and actors can see the deadline.
    #[must_use]
    pub fn within(&self, time: Duration) -> DoorHandle {
        DoorHandle {
            time: Some(time),
            ..self.clone()
        }
    }

    /// Sends an event round the circle, when there is room for it, and waits for the answer.
    ///
    /// # Errors
    /// The reason why there is none, at once when the last copy of the event is gone; late, if there is none
    /// [`within`](DoorHandle::within) the time given. Dropping the future only stops listening.
    pub async fn ask(&self, event: impl Into<Event>) -> Result<Event, AskError> {
        let event = event.into();
        let Some(time) = self.time else {
            let admission = self.admit(&event).await?;
            let answered = admission.ask(self.outbox.as_deref(), event).await;
            return answered.map_err(AskError::Unanswered);
        };
        let deadline = Instant::now() + time;
        let admission = timeout_at(deadline, self.admit(&event)).await;
        let admission = admission.map_err(|_| AskError::Late(time))??;
        let mut request = admission.ask(self.outbox.as_deref(), event);
        request.set_deadline(deadline);
        match timeout_at(deadline, &mut request).await {
            Ok(answered) => answered.map_err(AskError::Unanswered),
            Err(_) => {
                request.expire();
                Err(AskError::Late(time))
            }
        }
    }

    /// Sends an event when there is room for it. The settlement tells how it ends, and may be dropped.
    ///
    /// # Errors
    /// Why it was not let into the flow; never [`AskError::Unanswered`].
    pub async fn tell(&self, event: impl Into<Event>) -> Result<Settlement, AskError> {
        let event = event.into();
        let admission = self.admit(&event).await?;
        Ok(admission.emit(self.outbox.as_deref(), event))
    }

    /// Waits for room for an event.
    async fn admit(&self, event: &Event) -> Result<Admission, AskError> {
        let source = self.source().await?;
        Ok(source.admit(event.payload().size()).await?)
    }

    /// Waits for the flow to start.
    async fn source(&self) -> Result<Source, AskError> {
        let mut source = self.source.clone();
        let running = source.wait_for(Option::is_some).await;
        let source = running.ok().and_then(|source| source.clone());
        source.ok_or(AskError::NotRunning)
    }
}

impl Actor for Door {
    async fn start(&mut self, ctx: &Context) -> Result {
        let handed_over = self.source.clone();
        ctx.produce(|source| async move {
            let stopping = source.stopping();
            handed_over.send_replace(Some(source));
            // As long as somebody may still ask, the flow has a source.
            tokio::select! {
                () = stopping => {}
                () = handed_over.closed() => {}
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        // What reaches a door is taken off as an answer.
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // The flow has ended, however it did; the handles must not keep its remains.
        self.source.send_replace(None);
    }
}

impl From<Refusal> for AskError {
    fn from(refusal: Refusal) -> AskError {
        AskError::Refused(refusal)
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AskError::Refused(refusal) => refusal.fmt(f),
            AskError::Unanswered(unanswered) => unanswered.fmt(f),
            AskError::Late(time) => write!(f, "no answer within {time:?}"),
            AskError::NotRunning => f.write_str("the flow of this door is not running any more"),
        }
    }
}

impl std::error::Error for AskError {}
