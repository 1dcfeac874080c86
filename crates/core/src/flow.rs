//! A running flow.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::answer::Answers;
use crate::flow_state::FlowState;
use crate::inbox::Signals;
use crate::permits::Gate;
use crate::station::Station;
use crate::{Error, Failure};

/// A running flow. Dropped without [`stop`](Flow::stop) it is aborted.
pub struct Flow {
    state: Arc<FlowState>,
    gates: Vec<Arc<Gate>>,
    stations: Vec<Arc<Station>>,
    /// The stations that have a task.
    tasks: Vec<Arc<Station>>,
    answers: Vec<(Arc<str>, Arc<Answers>)>,
    runners: Arc<AtomicUsize>,
    stop_deadline: Duration,
    stopped: CancellationToken,
}

/// How long tasks that were told to end may take to be gone.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// Says how a flow stopped.
#[derive(Clone, Debug, Default)]
pub struct Stopped {
    /// The actors that had not finished their events when the deadline passed; empty after a clean stop.
    pub unfinished: Vec<String>,
    /// How many roots were failed because of that.
    pub failed: u64,
    /// How many of those failed at which actor: it had the last of the root. A root that is not named here went on even so, as on
    /// a thread that is blocked.
    pub failed_at: BTreeMap<String, u64>,
}

impl Stopped {
    /// Returns whether every admitted event was done.
    pub fn is_clean(&self) -> bool {
        self.unfinished.is_empty() && self.failed == 0
    }

    /// Names the actors that were not done, and how many events each had: `call (64), log`.
    pub fn whose(&self) -> String {
        let events = |name: &String| match self.failed_at.get(name) {
            Some(events) => format!("{name} ({events})"),
            None => name.clone(),
        };
        let actors: Vec<String> = self.unfinished.iter().map(events).collect();
        actors.join(", ")
    }
}

impl Flow {
    pub(crate) fn new(
        state: Arc<FlowState>,
        gates: Vec<Arc<Gate>>,
        stop_deadline: Duration,
    ) -> Flow {
        Flow {
            state,
            gates,
            stations: Vec::new(),
            tasks: Vec::new(),
            answers: Vec::new(),
            runners: Arc::new(AtomicUsize::new(0)),
            stop_deadline,
            stopped: CancellationToken::new(),
        }
    }

    /// Returns the flow's name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Waits until the flow has nothing more to do, since all its sources have ended and nothing of what
    /// they emitted is running, or until it is stopped, be it by one of its actors. What is held is not waited for:
    /// [`stop`](Flow::stop) flushes it.
    pub async fn block(&self) {
        let idle = async {
            self.state.until_sources_ended().await;
            self.state.until(|| self.is_idle()).await;
        };
        tokio::select! {
            () = idle => {}
            () = self.state.stopping() => {}
        }
    }

    /// Returns why the flow stopped by itself, if an actor failed for good and
    /// [`OnFailed::StopFlow`](crate::OnFailed) was set.
    pub fn failure(&self) -> Option<Error> {
        self.state.failure().cloned()
    }

    /// Stops the flow: doors refuse, sources end, what is under way is finished, holders flush. What is
    /// not done at the deadline is failed, by name.
    pub async fn stop(&self) -> Stopped {
        if self.stopped.is_cancelled() {
            return Stopped::default();
        }
        self.state.stop();
        let deadline = Instant::now() + self.stop_deadline;
        let mut stopped = Stopped::default();
        if tokio::time::timeout_at(deadline, self.drain())
            .await
            .is_err()
        {
            stopped = self.give_up();
        }
        self.signal(|signals| signals.end = true);
        // Actors that close connections get what is left of the time, and a second at least.
        let grace = deadline.max(Instant::now() + Duration::from_secs(1));
        let ended = self.state.until(|| self.runners.load(SeqCst) == 0);
        if tokio::time::timeout_at(grace, ended).await.is_err() && stopped.is_clean() {
            stopped = self.give_up();
        }
        self.end().await;
        self.tell(stopped)
    }

    /// Ends the flow at once: what is under way is failed.
    pub async fn abort(&self) -> Stopped {
        self.state.stop();
        let stopped = self.give_up();
        self.end().await;
        self.tell(stopped)
    }

    /// Waits until nothing runs, has holders flush, and waits until nothing is live.
    async fn drain(&self) {
        loop {
            let admitted = self.state.admitted();
            self.flush().await;
            // Other processes may send more until all of them are done.
            let is_over = || self.state.intakes() == 0 && self.state.open_roots() == 0;
            let comes_more = || self.state.admitted() > admitted;
            self.state.until(|| is_over() || comes_more()).await;
            if is_over() {
                return;
            }
        }
    }

    /// Waits until nothing runs, and has holders send what they hold, until nothing is live.
    async fn flush(&self) {
        self.state.until(|| self.is_idle()).await;
        // What one holder flushes another may hold: at most all of them stand in a row.
        for _ in 0..=self.tasks.len() {
            self.signal(|signals| signals.stopping = true);
            self.until_at_rest().await;
            self.state.until(|| self.is_idle()).await;
            if self.state.open_roots() == 0 {
                return;
            }
        }
    }

    /// Waits for each actor in turn until it has nothing to do.
    async fn until_at_rest(&self) {
        for station in &self.tasks {
            loop {
                let mut rest = std::pin::pin!(station.rest.notified());
                rest.as_mut().enable();
                if station.is_resting() {
                    break;
                }
                rest.await;
            }
        }
    }

    fn give_up(&self) -> Stopped {
        if self.state.intakes() > 0 {
            tracing::warn!(flow = %self.state.name, "other processes of the flow were not done in time");
        }
        self.state.abort();
        let mut unfinished: Vec<String> = Vec::new();
        for station in self.tasks.iter().filter(|task| !task.is_resting()) {
            // Of a pool several may be busy.
            if !unfinished.iter().any(|name| *name == *station.name) {
                unfinished.push(station.name.to_string());
            }
        }
        Stopped {
            unfinished,
            failed: self.state.open_roots(),
            failed_at: BTreeMap::new(),
        }
    }

    /// Logs what was not done, if anything. Where it was is known only now: what an actor does in the background, or keeps to be tried
    /// again, is nobody's until it is dropped.
    fn tell(&self, mut stopped: Stopped) -> Stopped {
        if stopped.is_clean() {
            return stopped;
        }
        stopped.failed_at = std::mem::take(&mut *self.state.left.lock());
        // What was no actor's bears the name of the flow.
        let is_actor = |name: &str| self.stations.iter().any(|station| *station.name == *name);
        let is_other = |name: &&String| is_actor(name) && !stopped.unfinished.contains(name);
        let others: Vec<String> = stopped.failed_at.keys().filter(is_other).cloned().collect();
        stopped.unfinished.extend(others);
        tracing::error!(
            flow = %self.state.name,
            actors = %stopped.whose(),
            roots = stopped.failed,
            "the flow was stopped before all was done"
        );
        stopped
    }

    async fn end(&self) {
        // A thread that is blocked in an actor's code cannot be ended, and must not be waited for.
        let ended = tokio::time::timeout(LAST_GRACE, self.state.spawner.end());
        if ended.await.is_err() {
            tracing::error!(flow = %self.state.name, "a task is blocked and goes on");
        }
        self.stopped.cancel();
    }

    fn signal(&self, set: impl Fn(&mut Signals)) {
        for station in &self.tasks {
            station.inbox.signal(&set);
        }
    }

    /// Returns whether no permit is out, and all is told.
    fn is_idle(&self) -> bool {
        let log = self.state.log.as_ref();
        log.is_none_or(|log| log.is_empty()) && self.gates.iter().all(|gate| gate.in_use().0 <= 0)
    }

    pub(crate) fn add_station(&mut self, station: Arc<Station>) {
        self.stations.push(station);
    }

    pub(crate) fn add_answers(&mut self, name: &Arc<str>, answers: Arc<Answers>) {
        self.answers.push((name.clone(), answers));
    }

    pub(crate) fn add_gate(&mut self, gate: Arc<Gate>) {
        self.gates.push(gate);
    }

    pub(crate) fn stations(&self) -> &[Arc<Station>] {
        &self.stations
    }

    pub(crate) fn answers(&self) -> &[(Arc<str>, Arc<Answers>)] {
        &self.answers
    }

    pub(crate) fn gates(&self) -> &[Arc<Gate>] {
        &self.gates
    }

    pub(crate) fn state(&self) -> &Arc<FlowState> {
        &self.state
    }

    /// Returns the stations that have a task of their own.
    pub(crate) fn tasks(&self) -> &[Arc<Station>] {
        &self.tasks
    }

    pub(crate) fn spawn_runner(
        &mut self,
        station: Arc<Station>,
        runner: impl Future<Output = ()> + Send + 'static,
    ) {
        self.tasks.push(station.clone());
        self.runners.fetch_add(1, SeqCst);
        let ended = RunnerEnded {
            runners: self.runners.clone(),
            station,
        };
        self.state.spawner.spawn(async move {
            let _ended = ended;
            runner.await;
        });
    }

    pub(crate) fn release_sources(&self) {
        self.state.start();
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        if !self.stopped.is_cancelled() {
            self.state.stop();
            self.state.abort();
            self.state.spawner.cancel();
        }
    }
}

/// Counts a runner out, however it ends, and answers for what it leaves in its inbox.
struct RunnerEnded {
    runners: Arc<AtomicUsize>,
    station: Arc<Station>,
}

impl Drop for RunnerEnded {
    fn drop(&mut self) {
        let station = &self.station;
        for chunk in station.inbox.close() {
            let failure = match station.flow.is_aborted() {
                true => station.flow.abort_failure(Some(station.name.clone())),
                false => Failure::of_ended(&station.name),
            };
            for event in &chunk.events {
                event.receipt().fail(&failure);
            }
        }
        self.runners.fetch_sub(1, SeqCst);
        station.rest.notify_waiters();
        station.flow.quiet.notify_waiters();
    }
}
