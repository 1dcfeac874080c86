//! How a process tells its flow to stop.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{Director, Error, Result};

/// Runs one flow until its sources have ended or the process gets SIGINT or SIGTERM, and stops it. A
/// second signal ends it at once.
pub(crate) async fn run(director: Director) -> Result {
    // Before the start, so that a signal in between is not lost.
    let mut signals = Signals::listen()?;
    let flow = director.start().await?;
    tokio::select! {
        () = flow.block() => {}
        () = signals.next() => tracing::info!("stopping; a second signal ends at once"),
    }
    let stopped = tokio::select! {
        stopped = flow.stop() => stopped,
        () = signals.next() => {
            flow.abort().await;
            return Err(Error::internal("ended by a second signal"));
        }
    };
    if let Some(failure) = flow.failure() {
        return Err(failure);
    }
    if stopped.is_clean() {
        return Ok(());
    }
    let actors = stopped.whose();
    Err(Error::internal(format!(
        "not finished at the deadline: {actors}"
    )))
}

#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
