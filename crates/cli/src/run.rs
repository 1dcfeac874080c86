//! The command `run`.

use std::process::ExitCode;
use std::time::Duration;

use compysition_core::Flow;
use compysition_flow::Loaded;
use tokio::runtime::{Builder, Runtime};

use crate::args::Files;
use crate::{Program, files, output};

/// How long threads that block may go on after all flows have stopped.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// Runs all flows side by side until they have ended or are told to stop. If one of them cannot start,
/// none runs.
pub(crate) fn run(program: &Program, files: &Files) -> ExitCode {
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(format_args!("error: no threads to run on: {error}\n"));
            return ExitCode::FAILURE;
        }
    };
    let loaded = files::load(program, files);
    let ended_well = loaded.is_some_and(|flows| run_flows(&runtime, flows));
    runtime.shutdown_timeout(LAST_GRACE);
    match ended_well {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn run_flows(runtime: &Runtime, loaded: Vec<Loaded>) -> bool {
    runtime.block_on(async {
        let Some(flows) = start_all(loaded).await else {
            return false;
        };
        let stopped = compysition_core::run_until_stopped(&flows).await;
        for flow in &flows {
            tracing::info!(flow = flow.name(), "stopped");
        }
        match stopped {
            Ok(()) => true,
            Err(error) => {
                output::complain(format_args!("error: {error}\n"));
                false
            }
        }
    })
}

/// Starts all flows, or stops those that started and says why the others did not.
async fn start_all(loaded: Vec<Loaded>) -> Option<Vec<Flow>> {
    let count = loaded.len();
    let mut flows = Vec::new();
    for flow in loaded {
        match flow.start().await {
            Ok(flow) => {
                tracing::info!(flow = flow.name(), "started");
                flows.push(flow);
            }
            Err(diagnostics) => output::complain(format_args!("{diagnostics}\n")),
        }
    }
    if flows.len() == count {
        return Some(flows);
    }
    for flow in &flows {
        flow.stop().await;
    }
    None
}
