//! A flow run in every order that a seed can think of.

mod faults;
mod peak;
mod tasks;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Builder;

use crate::launch::{Tuning, launch_with};
use crate::spawner::Executor;
use crate::{Director, Flow, Snapshot, Stopped};
use faults::Dice;
pub use faults::Faults;
pub(crate) use faults::{Blow, Trouble};
use tasks::Tasks;

/// How long a run may take, in its own time, before it counts as locked. Ten thousands of children, each of which waits
/// some seconds to be tried again, take days.
const PATIENCE: Duration = Duration::from_secs(365 * 24 * 3600);

/// How often tasks may be polled before a run counts as one that goes on for ever.
const MOST_POLLS: u64 = 20_000_000;

/// Runs a flow again and again in another order, with faults, and fails if a promise of the engine is
/// broken: every admitted event settles once, every permit comes back, what is under way stays within its
/// bound, the counters add up, and the flow stops.
///
/// A seed decides on everything: which task is polled next, how many events change hands at a time, where
/// faults happen, and when the flow is stopped. A seed that fails, fails again. Time is paused and jumps to
/// the next timer when nothing else is to be done. Work in `Context::blocking` and on other threads is not
/// under the seed's command, nor is the outside world.
///
/// ```
/// use compysition_core::testing::{Faults, Simulation};
/// use compysition_core::{Actor, Context, Director, Event, Ports, Result, map};
///
/// /// Makes ten events.
/// struct Ten;
///
/// impl Actor for Ten {
///     async fn start(&mut self, ctx: &Context) -> Result {
///         ctx.produce(|source| async move {
///             for number in 0..10 {
///                 drop(source.emit(number.to_string()).await?);
///             }
///             Ok(())
///         });
///         Ok(())
///     }
///
///     async fn consume(&mut self, _: Event, _: &Context) -> Result {
///         Ok(())
///     }
///
///     fn ports(&self) -> Ports {
///         Ports::any().source()
///     }
/// }
///
/// let flow = || {
///     let mut director = Director::new("ten");
///     let ten = director.register("ten", Ten);
///     let odd = director.register("odd", map(|event: Event| {
///         event.text().is_ok_and(|text| text.ends_with(['1', '3'])).then_some(event)
///     }));
///     director.connect(ten, odd);
///     director
/// };
/// for seed in 0..20 {
///     Simulation::seed(seed).faults(Faults::some()).run(flow);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Simulation {
    seed: u64,
    faults: Faults,
}

impl Simulation {
    /// Makes a simulation without faults, whose order of events is that of a seed.
    pub fn seed(seed: u64) -> Simulation {
        Simulation {
            seed,
            faults: Faults::default(),
        }
    }

    /// Lets things go wrong.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Simulation {
        self.faults = faults;
        self
    }

    /// Runs a flow until its sources have ended, or until it is stopped before that, and returns its
    /// counters at the end.
    ///
    /// # Panics
    /// If the flow does not start, or a promise is broken; the message tells the seed.
    pub fn run(&self, build: impl FnOnce() -> Director) -> Snapshot {
        match self.try_run(build()) {
            Ok(snapshot) => snapshot,
            Err(broken) => panic!(
                "{broken}\nseed {} shows it again: Simulation::seed({}) with {:?}",
                self.seed, self.seed, self.faults
            ),
        }
    }

    fn try_run(&self, director: Director) -> Result<Snapshot, String> {
        let dice = Dice::of(self.seed);
        // Often few, sometimes as many as in earnest.
        let chunk = 1 << dice.below(8);
        let stop_after = (dice.fraction() < self.faults.stop).then(|| dice.below(3_000));
        let trouble = Arc::new(Trouble::new(self.faults, dice.next()));
        let tuning = Tuning {
            chunk: chunk as usize,
            seed: Some(dice.next()),
            trouble: Some(trouble.clone()),
        };
        let tasks = Arc::new(Tasks::default());
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(|error| error.to_string())?;
        let running = Arc::new(Mutex::new(None));
        let ended = Arc::new(Mutex::new(None));
        let main = {
            let (tasks, ended, running) = (tasks.clone(), ended.clone(), running.clone());
            async move {
                let result = live(director, tasks, tuning, stop_after, &running).await;
                *ended.lock() = Some(result);
            }
        };
        tasks.execute(Box::pin(main));
        let mut polls = 0;
        let mut excess = None;
        let until_ended = poll_fn(|cx| {
            tasks.poll(cx, &dice, || {
                polls += 1;
                if let Some(flow) = &*running.lock() {
                    excess = excess.take().or_else(|| peak::excess(flow));
                }
                polls > MOST_POLLS || excess.is_some() || ended.lock().is_some()
            })
        });
        let in_time = runtime.block_on(async { tokio::time::timeout(PATIENCE, until_ended).await });
        if let Some(excess) = excess {
            let snapshot = running.lock().as_ref().map(|flow| flow.snapshot());
            return Err(format!("{excess}: {snapshot:?}"));
        }
        let result = ended.lock().take();
        let (flow, stopped) = match (in_time, result) {
            (Ok(()), Some(result)) => result?,
            (in_time, _) => {
                let how = match in_time {
                    Ok(()) => "goes on for ever",
                    Err(_) => "is locked: nothing goes on, and it has not ended",
                };
                let flow: Option<Arc<Flow>> = running.lock().clone();
                let snapshot = flow.map(|flow| flow.snapshot());
                return Err(format!("the flow {how}: {snapshot:?}"));
            }
        };
        let snapshot = flow.snapshot();
        let again = trouble.settled_again.load(Relaxed);
        if again > 0 {
            return Err(format!(
                "{again} roots settled more than once: {snapshot:?}"
            ));
        }
        if !stopped.is_clean() || snapshot.open > 0 {
            return Err(format!(
                "not all was done at the end: {stopped:?}, {snapshot:?}"
            ));
        }
        let in_use: Vec<_> = flow.gates().iter().map(|gate| gate.in_use()).collect();
        if in_use
            .iter()
            .any(|(roots, bytes)| (*roots, *bytes) != (0, 0))
        {
            return Err(format!(
                "permits did not return to full: {in_use:?}, {snapshot:?}"
            ));
        }
        match snapshot.imbalance() {
            Some(imbalance) => Err(format!("{imbalance}: {snapshot:?}")),
            None => Ok(snapshot),
        }
    }
}

type Ended = Result<(Arc<Flow>, Stopped), String>;

async fn live(
    mut director: Director,
    tasks: Arc<Tasks>,
    tuning: Tuning,
    stop_after: Option<u64>,
    running: &Mutex<Option<Arc<Flow>>>,
) -> Ended {
    // What a delay holds up is no lock; only a run that stands still for good is.
    director.set_stop_deadline(PATIENCE);
    let flow = launch_with(director, tasks, tuning).await;
    let flow = Arc::new(flow.map_err(|error| error.to_string())?);
    *running.lock() = Some(flow.clone());
    match stop_after {
        None => flow.block().await,
        Some(polls) => {
            let mut left = polls;
            let moment = poll_fn(|cx| {
                left = left.saturating_sub(1);
                cx.waker().wake_by_ref();
                match left {
                    0 => Poll::Ready(()),
                    _ => Poll::Pending,
                }
            });
            tokio::select! {
                () = flow.block() => {}
                () = moment => {}
            }
        }
    }
    let stopped = flow.stop().await;
    Ok((flow, stopped))
}
