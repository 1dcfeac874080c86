//! Background work of actors: on one event, as a source of events, or what blocks a thread.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::context::Context;
use crate::current::AsActor;
use crate::source::{Source, run_source};
use crate::stage::{guard, skip};
use crate::{Error, ErrorKind, Event, Result};

impl Context {
    /// Runs blocking or long computing work without holding up other actors.
    ///
    /// # Errors
    /// Panicked, if the work does. If this future is dropped the work still runs to its end.
    pub async fn blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.begin_blocking(work).await
    }

    /// Begins blocking or long computing work, as [`blocking`](Context::blocking) does once it is waited for.
    ///
    /// # Errors
    /// Panicked, if the work does. If the future is dropped the work still runs to its end.
    pub fn begin_blocking<T, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let log = self.station.flow.spawner.log().cloned();
        let work = move || match &log {
            Some(log) => tracing::dispatcher::with_default(log, work),
            None => work(),
        };
        let work = tokio::task::spawn_blocking(work);
        async {
            let done = work.await;
            done.map_err(|error| Error::new(ErrorKind::Panicked, error.to_string()))
        }
    }

    /// Starts background work on one event, so that the actor can take the next one meanwhile. It is
    /// treated as `consume` is: an error or a panic sends the event, as it came in, to the error outbox.
    /// The flow does not stop before the work is done; once its stop deadline has passed, no work begins any more.
    pub fn spawn<F, W>(&self, event: Event, work: F)
    where
        F: FnOnce(Event, Context) -> W + Send + 'static,
        W: Future<Output = Result> + Send,
    {
        self.note_sent();
        if self.station.flow.is_aborted() {
            return skip(self, event);
        }
        self.has_spawned.store(true, Relaxed);
        let mut ctx = Context::new(self.station.clone());
        ctx.inbox = self.inbox;
        ctx.duty = self.duty.clone();
        let name = self.station.name.clone();
        self.station
            .flow
            .spawner
            .spawn(AsActor::new(name, async move {
                ctx.begin(&event, true);
                let theirs = ctx.clone();
                let result = guard(&ctx, async move { work(event, theirs).await }).await;
                ctx.station.note_breaker(result.as_ref().err());
                ctx.finish(result);
                ctx.close();
            }));
    }

    /// Starts a task that makes events: it is given a [`Source`] and runs until it returns or the flow
    /// begins to stop, when it is dropped at its next await. A door's task goes on until all that it
    /// admitted is answered.
    ///
    /// Called in `start`, the task begins after all actors have started. An error it returns is logged. If
    /// the actor is made anew after a panic, the task is dropped: the new one starts its own.
    pub fn produce<F, W>(&self, task: F)
    where
        F: FnOnce(Source) -> W + Send + 'static,
        W: Future<Output = Result> + Send,
    {
        if self.station.is_silent {
            return;
        }
        let station = self.station.clone();
        let flow = station.flow.clone();
        flow.source_began();
        let ended = SourceEnded(flow.clone());
        let replaced = station.producers();
        let name = station.name.clone();
        flow.spawner.spawn(AsActor::new(name, async move {
            let _ended = ended;
            station.flow.started().await;
            let ctx = Arc::new(Context::new(station.clone()));
            let work = async {
                let source = Source::new(ctx.clone())?;
                task(source).await
            };
            let work = run_source(ctx.clone(), work);
            let is_over = async {
                match station.ports.door {
                    true => std::future::pending().await,
                    false => station.flow.stopping().await,
                }
            };
            let result = tokio::select! {
                biased;
                () = is_over => Ok(()),
                () = replaced.cancelled() => Ok(()),
                result = work => result,
            };
            ctx.close();
            match result {
                Err(error) if !station.flow.is_stopping() => {
                    tracing::error!(flow = %station.flow.name, actor = %station.name, "{error}");
                }
                _ => {}
            }
        }));
    }
}

/// Counts a source out, however its task ends.
struct SourceEnded(Arc<crate::flow_state::FlowState>);

impl Drop for SourceEnded {
    fn drop(&mut self) {
        self.0.source_ended();
    }
}
