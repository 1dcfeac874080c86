//! What a source learns about the events that it admitted.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;

use crate::root::Root;
use crate::sync::Counted;
use crate::{Event, Failure, Id};

/// Says how a root ended. The worst end of its copies and children counts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// All of it reached an end.
    Delivered,
    /// At least one copy was written to the dead letters, and none was lost.
    Kept,
    /// At least one copy failed and was not kept.
    Failed(Failure),
    /// A copy left over a remote link, and its end is not known here.
    Away,
}

impl Outcome {
    /// Returns whether all of the root reached an end.
    pub fn is_delivered(&self) -> bool {
        matches!(self, Outcome::Delivered)
    }

    /// Returns the name: `delivered`, `kept`, `failed` or `away`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Outcome::Delivered => "delivered",
            Outcome::Kept => "kept",
            Outcome::Failed(_) => "failed",
            Outcome::Away => "away",
        }
    }
}

/// Resolves to the [`Outcome`] of a root, once. It may be dropped: the root goes on without a listener.
#[derive(Clone)]
#[must_use = "`drop` it if nobody asks how the event ends"]
pub struct Settlement(pub(crate) Counted<Root>);

impl Settlement {
    /// Returns the id of the root.
    pub fn root_id(&self) -> Id {
        self.0.id()
    }

    /// Returns how the root ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.0.outcome()
    }
}

impl Future for Settlement {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        self.0.poll_outcome(cx.waker())
    }
}

/// Resolves to the first answer to a request, or to the reason why there will be none, at once when the
/// last copy of the request's event is gone.
///
/// Dropping it only stops listening; [`Request::cancel`] also tells the flow that nobody waits.
#[must_use = "a request does nothing more unless its answer is awaited"]
pub struct Request(pub(crate) Counted<Root>);

impl Request {
    /// Returns the id of the request's root.
    pub fn root_id(&self) -> Id {
        self.0.id()
    }

    /// Says when the client stops waiting; actors can read it as [`Event::deadline`].
    pub fn set_deadline(&self, deadline: Instant) {
        self.0.set_deadline(deadline);
    }

    /// Tells the flow that the client has gone: copies not yet consumed are skipped.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Tells the flow that the deadline has passed: copies not yet consumed are skipped.
    pub fn expire(&self) {
        self.0.expire();
    }

    /// Returns a future of how the request's root ends, which may be long after its answer.
    pub fn settlement(&self) -> Settlement {
        Settlement(self.0.clone())
    }
}

impl Future for Request {
    type Output = Result<Event, Unanswered>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_answer(cx.waker())
    }
}

/// Says why a request got no answer.
#[derive(Clone, Debug)]
pub struct Unanswered {
    /// The first failure of a copy of the request's event.
    pub failure: Option<Failure>,
    /// The actor where the last copy ended.
    pub last: Option<Arc<str>>,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.failure, &self.last) {
            (Some(failure), _) => write!(f, "{failure}"),
            (None, Some(actor)) => write!(f, "no answer: the last copy ended at `{actor}`"),
            (None, None) => f.write_str("no answer: the last copy ended outside the flow"),
        }
    }
}

impl std::error::Error for Unanswered {}
