//! What is said back on a connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use compysition_core::{Error, Event, Outcome, Request, Unanswered};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout, timeout_at};

use crate::outgoing::Outgoing;
use crate::server::due::{Due, What};
use crate::server::intake::End;
use crate::server::rules::{Host, Reply};

/// How much is written at once, if no single reply is larger.
const AT_ONCE: usize = 16 << 10;

/// Tells a client what became of its frames.
pub(crate) struct Replies<'a> {
    pub(crate) host: &'a Host,
    pub(crate) outgoing: Outgoing,
    pub(crate) due: UnboundedReceiver<Due>,
}

impl Replies<'_> {
    /// Tells all that is due, in the order of the frames, until there is no more.
    ///
    /// # Errors
    /// Why no more can be told.
    pub(crate) async fn run(mut self, to: &mut (impl AsyncWrite + Unpin)) -> Result<(), End> {
        let patience = self.host.rules.write_timeout;
        let mut told = Told::default();
        loop {
            let next = match self.due.try_recv() {
                Ok(next) => next,
                Err(_) => {
                    told.send(to, patience).await?;
                    match self.due.recv().await {
                        Some(next) => next,
                        None => return Ok(()),
                    }
                }
            };
            let mut making = std::pin::pin!(self.bytes(next.what));
            let made = match at_once(making.as_mut()).await {
                Some(made) => made,
                None => {
                    told.send(to, patience).await?;
                    making.await
                }
            };
            match made {
                Ok(bytes) => told.add(&bytes, next.turn),
                Err(end) => {
                    told.send(to, patience).await?;
                    return Err(end);
                }
            }
            if told.bytes.len() >= AT_ONCE {
                told.send(to, patience).await?;
            }
        }
    }

    async fn bytes(&mut self, what: What) -> Result<Vec<u8>, End> {
        match what {
            What::Answer(request, deadline) => {
                let answer = self.answer(request, deadline).await;
                answer.map_err(End::Broken)
            }
            What::Receipt(settlement) => {
                let outcome = settlement.await;
                self.receipt(!matches!(outcome, Outcome::Failed(_)))
            }
            What::Refusal(error) => match self.host.rules.reply {
                Reply::Answer => self.outgoing.failure(&error, None).map_err(End::Broken),
                _ => self.receipt(false),
            },
        }
    }

    fn receipt(&self, is_taken: bool) -> Result<Vec<u8>, End> {
        let Reply::Receipt { taken, refused } = &self.host.rules.reply else {
            return Ok(Vec::new());
        };
        match (is_taken, refused) {
            (true, _) => Ok(taken.clone()),
            (false, Some(refused)) => Ok(refused.clone()),
            (false, None) => Err(End::Failed),
        }
    }

    async fn answer(&mut self, mut request: Request, deadline: Instant) -> Result<Vec<u8>, Error> {
        match timeout_at(deadline, &mut request).await {
            Ok(Ok(event)) => self.answered(&event),
            Ok(Err(unanswered)) => self.unanswered(unanswered),
            Err(_) => {
                request.expire();
                let error = Error::timeout("the flow did not answer in time");
                self.warn(error.message());
                self.outgoing.failure(&error, None)
            }
        }
    }

    fn answered(&mut self, event: &Event) -> Result<Vec<u8>, Error> {
        if let Some(failure) = event.error() {
            return self.outgoing.failed(failure);
        }
        self.outgoing.payload(event.payload()).or_else(|error| {
            let message = format!("an answer cannot be written: {error}");
            self.warn(&message);
            self.outgoing
                .failure(&Error::new(error.kind(), message), None)
        })
    }

    /// Says why there is no answer. An error was logged, or its link has dealt with it, where it came up; an event that just ended is a mistake
    /// of the flow that would show nowhere else.
    fn unanswered(&mut self, unanswered: Unanswered) -> Result<Vec<u8>, Error> {
        if let Some(failure) = &unanswered.failure {
            return self.outgoing.failed(failure);
        }
        let message = unanswered.to_string();
        self.warn(&message);
        let actor = unanswered.last.as_deref();
        self.outgoing.failure(&Error::bad_gateway(message), actor)
    }

    fn warn(&self, message: &str) {
        let ctx = self.host.source.context();
        tracing::warn!(flow = ctx.flow(), actor = ctx.actor(), "{message}");
    }
}

/// What is known and not yet sent: replies that are there together are written together.
#[derive(Default)]
struct Told {
    bytes: Vec<u8>,
    turns: Vec<OwnedSemaphorePermit>,
}

impl Told {
    fn add(&mut self, bytes: &[u8], turn: OwnedSemaphorePermit) {
        self.bytes.extend_from_slice(bytes);
        self.turns.push(turn);
    }

    /// Sends all of it.
    async fn send(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        patience: Duration,
    ) -> Result<(), End> {
        if self.turns.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        let writing = async {
            to.write_all(&bytes).await?;
            to.flush().await
        };
        match timeout(patience, writing).await {
            Ok(written) => written.map_err(End::Lost)?,
            Err(_) => return Err(End::Deaf),
        }
        self.turns.clear();
        Ok(())
    }
}

/// Returns what a future gives without waiting, if it does.
async fn at_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(given) => Poll::Ready(Some(given)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
