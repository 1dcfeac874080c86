//! How the frames of a connection enter the flow.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Admission, Error, ErrorKind, Event, Payload, Refusal, Source};
use tokio::io::AsyncRead;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use crate::frames::{Format, Found, Frames};
use crate::server::due::{Due, What};
use crate::server::rules::{Host, Reply};

/// How many frames of one connection may wait for what they are told.
pub(crate) const MOST_DUE: usize = 256;

/// How long to wait when too many wait for a permit already.
const RESPITE: Duration = Duration::from_millis(100);

/// Why nothing more is read from a connection.
#[derive(Debug)]
pub(crate) enum End {
    /// The client has said all.
    Said,
    /// The connection is broken.
    Lost(io::Error),
    /// Nothing came for too long.
    Idle,
    /// What came cannot be frames.
    Broken(Error),
    /// The client takes nothing that is said to it.
    Deaf,
    /// A frame failed, and the client is to know which.
    Failed,
    /// The flow stops.
    Stopping,
}

/// Reads one connection.
pub(crate) struct Intake<'a> {
    pub(crate) host: &'a Host,
    /// What all of its events have in common.
    pub(crate) named: Event,
    pub(crate) due: UnboundedSender<Due>,
    pub(crate) turns: Arc<Semaphore>,
}

impl Intake<'_> {
    /// Makes events of what comes, until nothing comes any more.
    pub(crate) async fn run(self, from: &mut (impl AsyncRead + Unpin)) -> End {
        let format: &Format = &self.host.rules.format;
        let mut frames = format.frames();
        let Err(mut end) = self.read(&mut frames, from).await;
        if matches!(end, End::Said | End::Lost(_) | End::Idle) {
            end = self.finish(&mut frames, end).await;
        }
        let left = frames.pending();
        if matches!(end, End::Stopping) && left > 0 {
            let ctx = self.source().context();
            tracing::warn!(
                flow = ctx.flow(),
                actor = ctx.actor(),
                "{left} bytes that had come were not taken, since the flow stops"
            );
        }
        end
    }

    async fn read(
        &self,
        frames: &mut Frames,
        from: &mut (impl AsyncRead + Unpin),
    ) -> Result<Infallible, End> {
        let mut stopping = std::pin::pin!(self.source().stopping());
        loop {
            self.take_all(frames).await?;
            let is_more = tokio::select! {
                biased;
                read = frames.fill(from) => read.map_err(End::Lost)?,
                () = &mut stopping => return Err(End::Stopping),
                () = self.idle() => return Err(End::Idle),
            };
            if !is_more {
                return Err(End::Said);
            }
        }
    }

    /// Sees to what is left when nothing comes any more.
    async fn finish(&self, frames: &mut Frames, end: End) -> End {
        let taken = match frames.end() {
            None => self.take_all(frames).await,
            Some(half) => self.take(half).await,
        };
        match taken {
            Err(End::Stopping) => End::Stopping,
            // That the connection has ended is said already.
            _ => end,
        }
    }

    async fn take_all(&self, frames: &mut Frames) -> Result<(), End> {
        while let Some(found) = frames.next(self.source().context()).await {
            self.take(found).await?;
        }
        Ok(())
    }

    async fn take(&self, found: Found) -> Result<(), End> {
        match found {
            Found::Payload(payload) => self.enter(payload).await,
            Found::Bad(error, payload) => self.fail(error, payload, self.turn().await?).await,
            Found::Broken(error, payload) => {
                self.fail(error.clone(), payload, self.turn().await?)
                    .await?;
                Err(End::Broken(error))
            }
        }
    }

    /// Sends a frame into the flow, when there is room for it.
    async fn enter(&self, payload: Payload) -> Result<(), End> {
        let turn = self.turn().await?;
        let admission = match self.admit(payload.size()).await? {
            Ok(admission) => admission,
            Err(error) => return self.fail(error, Payload::Empty, turn).await,
        };
        let event = self.named.clone().with(payload);
        let what = match &self.host.rules.reply {
            Reply::Nothing => {
                drop(admission.emit(None, event));
                return Ok(());
            }
            Reply::Receipt { .. } => What::Receipt(admission.emit(None, event)),
            Reply::Answer => {
                let request = admission.ask(None, event);
                let deadline = Instant::now() + self.host.rules.deadline;
                request.set_deadline(deadline);
                What::Answer(request, deadline)
            }
        };
        self.tell(what, turn);
        Ok(())
    }

    /// Sends what cannot be read the error path.
    async fn fail(
        &self,
        error: Error,
        payload: Payload,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Result<(), End> {
        let (payload, admission) = match self.admit(payload.size()).await? {
            Ok(admission) => (payload, admission),
            Err(_) => match self.admit(0).await? {
                Ok(admission) => (Payload::Empty, admission),
                // The whole share is too small for an event without payload: nothing at all goes through.
                Err(error) => return Err(End::Broken(error)),
            },
        };
        drop(admission.emit_failed(self.named.clone().with(payload), error.clone()));
        self.tell(What::Refusal(error), turn);
        Ok(())
    }

    /// Waits for a permit. The error of a frame that is too large for the flow is its own.
    async fn admit(&self, bytes: usize) -> Result<Result<Admission, Error>, End> {
        loop {
            match self.source().admit(bytes).await {
                Ok(admission) => return Ok(Ok(admission)),
                Err(Refusal::Crowded) => sleep(RESPITE).await,
                Err(refusal @ Refusal::TooLarge { .. }) => {
                    return Ok(Err(Error::new(ErrorKind::TooLarge, refusal.to_string())));
                }
                Err(_) => return Err(End::Stopping),
            }
        }
    }

    /// Waits until not too much is still to be said.
    async fn turn(&self) -> Result<Option<OwnedSemaphorePermit>, End> {
        match self.host.rules.reply {
            Reply::Nothing => Ok(None),
            _ => match self.turns.clone().acquire_owned().await {
                Ok(turn) => Ok(Some(turn)),
                Err(_) => Err(End::Deaf),
            },
        }
    }

    fn tell(&self, what: What, turn: Option<OwnedSemaphorePermit>) {
        if let Some(turn) = turn {
            // Who would tell it has gone only if the connection has.
            let _ = self.due.send(Due { what, turn });
        }
    }

    /// Waits until the connection has been silent for too long, on both sides.
    async fn idle(&self) {
        let Some(time) = self.host.rules.idle_timeout else {
            return std::future::pending().await;
        };
        loop {
            sleep(time).await;
            if self.turns.available_permits() == MOST_DUE {
                return;
            }
        }
    }

    fn source(&self) -> &Source {
        &self.host.source
    }
}
