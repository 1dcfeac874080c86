//! The counters of running flows, for who asks for them: by SIGUSR1, where there are such signals.

use std::convert::Infallible;

use compysition_core::{ActorState, BreakerState, Flow};

/// Those who ask for counters, from now on. While nobody listens such a signal ends a process.
pub(crate) struct Asked {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Asked {
    /// Listens from now on.
    pub(crate) fn listen() -> Asked {
        Asked {
            #[cfg(unix)]
            signal: {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::user_defined1()).ok()
            },
        }
    }

    /// Waits until somebody asks.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

/// Writes the counters of a flow to the log whenever somebody asks.
pub(crate) async fn tell_who_asks(flow: &Flow) -> Infallible {
    let mut asked = Asked::listen();
    loop {
        asked.next().await;
        tell(flow);
    }
}

/// Writes the counters of a flow and of its actors to the log.
fn tell(flow: &Flow) {
    let now = flow.snapshot();
    let flow = &*now.flow;
    tracing::info!(
        flow,
        admitted = now.admitted,
        delivered = now.delivered,
        kept = some(now.kept),
        failed = some(now.failed),
        dropped = some(now.dropped),
        open = now.open,
        permits = now.permits,
        "counters"
    );
    for actor in &now.actors {
        let passed: u64 = actor.links.iter().map(|link| link.passed).sum();
        let links = actor.links.iter().filter_map(|link| link.dropped);
        let dropped = actor.dropped + links.sum::<u64>();
        tracing::info!(
            flow,
            actor = &*actor.name,
            state = match actor.state {
                ActorState::Running => None,
                ActorState::Restarting => Some("restarting"),
                ActorState::Failed => Some("failed"),
            },
            breaker = match actor.breaker {
                None | Some(BreakerState::Closed) => None,
                Some(BreakerState::Open) => Some("open"),
                Some(BreakerState::HalfOpen) => Some("half_open"),
            },
            consumed = some(actor.consumed),
            passed = some(passed),
            answered = some(actor.answered),
            failed = some(actor.failed),
            retried = some(actor.retried),
            restarts = some(actor.restarts),
            waiting = some(actor.waiting),
            held = some(actor.held),
            ended = some(actor.ended),
            lost = some(actor.lost),
            dropped = some(dropped),
            "counters"
        );
    }
}

/// Leaves out what is nothing, so that what is something is seen.
fn some(count: u64) -> Option<u64> {
    (count > 0).then_some(count)
}
