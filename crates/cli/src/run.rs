//! The command `run`.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::Flow;
use compysition_flow::{Loaded, Severity};
use compysition_trial::{Recorder, patterns};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, timeout_at};

use crate::args::{Files, Form, Place, Record};
use crate::children::{End, HOPELESS};
use crate::counters::Asked;
use crate::running::Running;
use crate::signals::Signals;
use crate::{Program, complaints, files, last_resort, nodes};

/// How long threads that block may go on after all flows have stopped.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// How long flows may take to stop beyond their deadlines, as doors that still send answers.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// How long flows wait for those that may call them before they stop themselves.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs all flows side by side until they have ended or are told to stop. If one of them cannot start,
/// none runs.
pub(crate) fn run(
    program: &Program,
    files: &Files,
    place: &Place,
    record: &Record,
    form: Form,
) -> ExitCode {
    // Who keeps this process running asks whether it is to be started again.
    let hopeless = match place.parent {
        Some(_) => ExitCode::from(HOPELESS),
        None => ExitCode::FAILURE,
    };
    let loaded = match place.node {
        Some(_) => files::load_linked(program, files),
        None => files::load(program, files),
    };
    let Some(loaded) = loaded else {
        return hopeless;
    };
    let Some(mut loaded) = nodes::parts(program, loaded, place, form) else {
        return hopeless;
    };
    if !record.record.is_empty()
        && let Err(message) = record_flows(program, &mut loaded, files, record)
    {
        complaints::say(form, message);
        return ExitCode::FAILURE;
    }
    match run_flows(loaded, place, form) {
        Ok(End::Well) => ExitCode::SUCCESS,
        Ok(End::Badly) => ExitCode::FAILURE,
        Ok(End::Hopeless) => hopeless,
        Err(error) => {
            complaints::say(form, format_args!("nothing to run flows on: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Has what the flows do recorded as tests.
fn record_flows(
    program: &Program,
    flows: &mut [Loaded],
    files: &Files,
    record: &Record,
) -> Result<(), String> {
    let patterns = patterns(&record.record_without)?;
    for flow in flows {
        let recorder = Recorder::new(flow, record.record.clone(), record.record_to.clone())?
            .with_status(program.status)
            .set(&files.set)
            .without(patterns.clone());
        flow.director_mut().set_tap(Arc::new(recorder));
    }
    Ok(())
}

/// Makes what actors run on: so many threads, or as many as there are processors.
fn runtime(threads: Option<u16>) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads.into());
    }
    builder.enable_all().build()
}

fn run_flows(loaded: Vec<Loaded>, place: &Place, form: Form) -> io::Result<End> {
    let runtime = runtime(place.threads)?;
    let deadlines = loaded.iter().map(|flow| flow.wiring().stop_deadline);
    let longest = PATIENCE + deadlines.max().unwrap_or_default() + LAST_WORDS;
    last_resort::stand_by(longest, place.parent)?;
    let ended_well = runtime.block_on(async {
        // Before the first flow starts: a signal that comes a moment later must not kill the process.
        let mut signals = Signals::listen()?.or_orphaned(place.parent);
        let _asked = Asked::listen();
        match start_all(loaded, form).await {
            Some(flows) => Ok(run_until_stopped(flows, &mut signals).await),
            // What was missing may be there later.
            None => Ok(End::Badly),
        }
    });
    runtime.shutdown_timeout(LAST_GRACE);
    ended_well
}

/// Starts all flows, or stops those that started and says why the others did not.
async fn start_all(loaded: Vec<Loaded>, form: Form) -> Option<Vec<Flow>> {
    let count = loaded.len();
    let mut flows = Vec::new();
    for flow in loaded {
        warn(&flow);
        match flow.start().await {
            Ok(flow) => {
                tracing::info!(flow = flow.name(), "started");
                flows.push(flow);
            }
            Err(diagnostics) => complaints::show(form, &diagnostics),
        }
    }
    if flows.len() == count {
        return Some(flows);
    }
    let mut running: Vec<Running> = flows.into_iter().map(Running::new).collect();
    stop_all(&mut running).await;
    None
}

/// Logs what a flow may do that was hardly meant.
fn warn(flow: &Loaded) {
    let findings = flow.findings();
    for finding in findings
        .iter()
        .filter(|finding| finding.severity() == Severity::Warning)
    {
        let (line, message) = (finding.line(), finding.message());
        let help = finding.help().unwrap_or_default();
        tracing::warn!(flow = flow.name(), line, help, "{message}");
    }
}

/// Waits until all flows have stopped, or for the first signal, and stops them. A second signal ends them at
/// once.
async fn run_until_stopped(flows: Vec<Flow>, signals: &mut Signals) -> End {
    let mut running: Vec<Running> = flows.into_iter().map(Running::new).collect();
    tokio::select! {
        all_done = all_done(&mut running) => {
            let is_hopeless = running.iter().any(Running::is_hopeless);
            return if is_hopeless { End::Hopeless } else { End::of(all_done) };
        }
        () = signals.next() => tracing::info!("stopping; a second signal ends at once"),
    }
    tokio::select! {
        all_done = stop_all(&mut running) => End::of(all_done),
        () = signals.next() => {
            for one in &running {
                one.abort().await;
            }
            tracing::error!("ended by a second signal");
            End::Badly
        }
    }
}

/// Stops the flows, the last one first: a flow may call those named before it, and what it has admitted
/// still needs their answers. None waits for its turn longer than `PATIENCE`. What is not done at a flow's
/// own deadline is logged by the flow.
async fn stop_all(running: &mut [Running]) -> bool {
    let latest = Instant::now() + PATIENCE;
    for one in running.iter_mut().rev() {
        one.stop();
        // Late or not, it is the next one's turn.
        let _ = timeout_at(latest, one.stopped()).await;
    }
    all_done(running).await
}

/// Waits until all flows have stopped. Returns whether all that was under way got done.
async fn all_done(running: &mut [Running]) -> bool {
    let mut all_done = true;
    for one in running {
        all_done &= one.stopped().await;
    }
    all_done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_run_on_as_many_threads_as_are_wanted() {
        assert_eq!(runtime(Some(3)).unwrap().metrics().num_workers(), 3);
    }
}
