//! Runs one test.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use compysition_core::testing::quiet;
use compysition_core::{Flow, TimeSpan, Wiring};
use compysition_flow::Step;
use parking_lot::Mutex;
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use crate::case::{Case, Clock, Part};
use crate::checks::{Came, Mismatch, join};
use crate::find::Found;
use crate::hands::Hands;
use crate::hanging::{hanging, holders};
use crate::log::Log;
use crate::scene::Scene;
use crate::seen::{self, Link};
use crate::suite::Trial;
use crate::workdir::Workdir;

/// How long a step may take in the flow's time, unless the test says so.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How long a test may take in real time; one whose clock is stopped takes a moment, or for ever.
const REAL_PATIENCE: Duration = Duration::from_secs(30);

/// What became of a test.
#[derive(Default)]
pub(crate) struct Played {
    pub(crate) mismatches: Vec<Mismatch>,
    /// What kept it from being compared at all.
    pub(crate) broken: Option<String>,
    pub(crate) log: String,
    pub(crate) links: BTreeSet<Link>,
    pub(crate) parts: BTreeSet<seen::Part>,
    pub(crate) wiring: Option<Wiring>,
    pub(crate) time: Duration,
}

/// Runs a test on a thread of its own, which is left to itself if it does not end.
pub(crate) fn play(trial: &Trial, found: &Arc<Found>, index: usize) -> Played {
    let start = Instant::now();
    let (send, receive) = std::sync::mpsc::channel();
    let running: Running = Arc::default();
    let log = Log::default();
    let stage = Stage {
        trial: trial.clone(),
        found: found.clone(),
        index,
        running: running.clone(),
        log: log.clone(),
    };
    let work = move || {
        let dispatch = stage.log.dispatch();
        let played = tracing::dispatcher::with_default(&dispatch, || stage.play());
        // Nobody listens any more if it took too long.
        let _ = send.send(played);
    };
    let thread = std::thread::Builder::new().name("test".into());
    if let Err(error) = thread.spawn(work) {
        return Played::broken(format!("no thread for the test: {error}"));
    }
    let mut played = receive.recv_timeout(REAL_PATIENCE).unwrap_or_else(|error| {
        let is_late = error == std::sync::mpsc::RecvTimeoutError::Timeout;
        let flow = running.lock().clone();
        let held = flow.map(|flow| holders(&flow.snapshot()));
        Played::broken(match is_late {
            true => format!(
                "the test hangs: it is not done after {REAL_PATIENCE:?} of real time{}",
                held.unwrap_or_default()
            ),
            false => "the test panicked; standard error says why".into(),
        })
    });
    played.log = log.text();
    played.time = start.elapsed();
    played
}

type Running = Arc<Mutex<Option<Arc<Flow>>>>;

pub(crate) struct Stage {
    pub(crate) trial: Trial,
    pub(crate) found: Arc<Found>,
    pub(crate) index: usize,
    running: Running,
    log: Log,
}

impl Played {
    fn broken(message: String) -> Played {
        Played {
            broken: Some(message),
            ..Played::default()
        }
    }
}

impl Stage {
    pub(crate) fn case(&self) -> &Case {
        &self.found.file.tests[self.index]
    }

    pub(crate) fn at(&self) -> Vec<Step> {
        vec!["tests".into(), self.index.into()]
    }

    fn play(&self) -> Played {
        let scene = match self.set() {
            Ok(scene) => scene,
            Err(message) => return Played::broken(message),
        };
        let wiring = scene.wiring.clone();
        let seen = scene.seen.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(self.case().clock == Clock::Stopped)
            .build();
        let result = match runtime {
            Ok(runtime) => {
                let result = runtime.block_on(self.act(scene));
                runtime.shutdown_background();
                result
            }
            Err(error) => Err(format!("nothing to run the flow on: {error}")),
        };
        let (mismatches, broken) = match result {
            Ok(mismatches) => (mismatches, None),
            Err(message) => (Vec::new(), Some(message)),
        };
        Played {
            mismatches,
            broken,
            links: seen.links(),
            parts: seen.parts(),
            wiring: Some(wiring),
            ..Played::default()
        }
    }

    /// Returns the parts of the test, and where they stand.
    pub(crate) fn parts(&self) -> Vec<(Vec<Step>, Part)> {
        let case = self.case();
        let first = Part {
            name: None,
            input: case.input.clone(),
            after: case.after,
            expect: case.expect.clone(),
        };
        let more = case.steps.iter().enumerate().map(|(number, part)| {
            let at = join(&self.at(), ["steps".into(), number.into()]);
            (at, part.clone())
        });
        // Where there are only steps, the first of them is the first part.
        let is_part = first.is_there() || case.steps.is_empty();
        let first = Some((self.at(), first)).filter(|_| is_part);
        first.into_iter().chain(more).collect()
    }

    /// Runs the flow, and returns what was not as expected.
    async fn act(&self, scene: Scene) -> Result<Vec<Mismatch>, String> {
        let Scene {
            flow,
            props,
            seen,
            hand,
            sources,
            directory,
            ..
        } = scene;
        let flow = flow.start().await.map_err(|error| error.to_string())?;
        let flow = Arc::new(flow);
        *self.running.lock() = Some(flow.clone());
        // When the clock may go on, all tasks have begun: doors are open, sources under way.
        sleep(Duration::from_millis(1)).await;
        let hands = Hands {
            props: &props,
            hand,
            sources,
        };
        let came = Came {
            document: &self.found.document,
            answer: None,
            seen: &seen,
            since: 0,
            printed: &[],
            log: "",
            directory: directory.as_ref().map(Workdir::path),
        };
        let patience = self.case().within.map_or(PATIENCE, |TimeSpan(time)| time);
        let mut mismatches = Vec::new();
        let mut printed_before = 0;
        for (number, (at, part)) in self.parts().into_iter().enumerate() {
            // What sources made before the first part belongs to it.
            let since = if number == 0 { 0 } else { seen.mark() };
            let log_before = self.log.text().len();
            let done = timeout(patience, hands.send(&part, &flow, &self.log)).await;
            let answer = match done {
                Ok(answer) => answer?,
                Err(_) => return Err(hanging(&flow, patience).await),
            };
            if let Some(TimeSpan(after)) = part.after {
                sleep(after).await;
                // What wakes at the same moment may not have been told yet.
                tokio::task::yield_now().await;
                if timeout(patience, quiet(&flow)).await.is_err() {
                    return Err(hanging(&flow, patience).await);
                }
            }
            let printed = props.printed();
            let log = self.log.text();
            let came = Came {
                answer: answer.as_ref(),
                since,
                printed: printed.get(printed_before..).unwrap_or_default(),
                log: log.get(log_before..).unwrap_or_default(),
                ..came
            };
            mismatches.extend(came.check(&part.expect, &join(&at, ["expect".into()])));
            printed_before = printed.len();
        }
        let stopped = flow.stop().await;
        if !stopped.is_clean() {
            return Err(format!(
                "the flow did not stop in time; not done: {}",
                stopped.unfinished.join(", ")
            ));
        }
        let (printed, log) = (props.printed(), self.log.text());
        let came = Came {
            printed: &printed,
            log: &log,
            ..came
        };
        let at = join(&self.at(), ["finally".into()]);
        mismatches.extend(came.check(&self.case().finally, &at));
        Ok(mismatches)
    }
}
