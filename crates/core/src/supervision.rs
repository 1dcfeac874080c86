//! What becomes of an actor that panics.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::context::Context;
use crate::into_actor::Built;
use crate::stage::Stage;
use crate::station::Station;
use crate::{Error, TimeSpan};

/// How often actors that panic are made anew, and what happens when that does not help.
///
/// The event that an actor panicked on takes its error path; those that wait, wait on. An actor that was
/// registered as a function that makes it, or that a flow file names, is made anew and started; what the
/// old one held takes the error path. One that was registered as a value goes on with what state it has,
/// started again. The next actor is not concerned.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Supervision {
    /// How often an actor may be made anew within the time `within`; 5 by default.
    pub restarts: u32,
    /// The time in which restarts count; 30 s by default.
    pub within: TimeSpan,
    /// The time before the second restart, which doubles from one to the next; 100 ms by default. The
    /// first is at once.
    pub backoff: TimeSpan,
    /// The longest time before a restart; 5 s by default.
    pub max_backoff: TimeSpan,
    /// What happens when an actor has panicked too often.
    pub on_failed: OnFailed,
}

impl Default for Supervision {
    fn default() -> Supervision {
        Supervision {
            restarts: 5,
            within: TimeSpan::seconds(30),
            backoff: TimeSpan(Duration::from_millis(100)),
            max_backoff: TimeSpan::seconds(5),
            on_failed: OnFailed::Continue,
        }
    }
}

/// Says what happens when an actor has panicked too often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFailed {
    /// The flow goes on. What reaches the actor takes its error path, as unavailable.
    #[default]
    Continue,
    /// The flow stops, and says why.
    StopFlow,
}

/// Says whether an actor works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorState {
    /// It does.
    #[default]
    Running,
    /// It has panicked and is being made anew.
    Restarting,
    /// It has panicked too often: what reaches it takes its error path.
    Failed,
}

/// Makes an actor anew.
pub(crate) type Maker = Arc<Mutex<Built>>;

/// Keeps one actor going.
pub(crate) struct Supervisor {
    maker: Maker,
    /// When it was made anew, as far as that counts.
    restarts: VecDeque<Instant>,
}

impl Supervisor {
    pub(crate) fn new(maker: Maker) -> Supervisor {
        Supervisor {
            maker,
            restarts: VecDeque::new(),
        }
    }

    /// Makes an actor anew that has panicked.
    ///
    /// # Errors
    /// The reason, if it has panicked too often or does not start.
    pub(crate) async fn restart(
        &mut self,
        stage: Box<dyn Stage>,
        ctx: &mut Context,
        cause: &Error,
    ) -> Result<Box<dyn Stage>, Error> {
        let station = ctx.station.clone();
        let mut cause = cause.clone();
        let mut stage = Some(stage);
        station.set_state(ActorState::Restarting);
        loop {
            let delay = self.next_delay(&station, &cause)?;
            tracing::error!(
                flow = %station.flow.name,
                actor = %station.name,
                "restarted after a panic: {}", cause.message()
            );
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = station.flow.stopping() => {}
            }
            station.end_producers();
            let made = self.maker.lock().make_again();
            let mut next = match (made, stage.take()) {
                // What the old one holds takes the error path here.
                (Some(Ok(made)), _) => made,
                (Some(Err(error)), old) => {
                    stage = old;
                    cause = error;
                    continue;
                }
                (None, Some(old)) => old,
                (None, None) => return Err(cause),
            };
            let started = next.start(ctx).await;
            ctx.close();
            // A panic in `start` is told by its result.
            drop(ctx.take_panic());
            match started {
                Ok(()) => {
                    station.set_state(ActorState::Running);
                    return Ok(next);
                }
                Err(error) => {
                    stage = Some(next);
                    cause = error;
                }
            }
        }
    }

    fn next_delay(&mut self, station: &Station, cause: &Error) -> Result<Duration, Error> {
        let settings = &station.flow.supervision;
        let now = Instant::now();
        while self
            .restarts
            .front()
            .is_some_and(|at| now - *at > settings.within.0)
        {
            self.restarts.pop_front();
        }
        let count = self.restarts.len() as u32;
        if count >= settings.restarts {
            return Err(Error::unavailable(format!(
                "actor `{}` has failed: it was restarted {count} times within {}, the last time after: {}",
                station.name,
                settings.within,
                cause.message()
            )));
        }
        self.restarts.push_back(now);
        station.count_restart();
        let Some(doublings) = count.checked_sub(1) else {
            return Ok(Duration::ZERO);
        };
        let delay = settings.backoff.0.saturating_mul(1 << doublings.min(20));
        Ok(delay.min(settings.max_backoff.0))
    }
}
