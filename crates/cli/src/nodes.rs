//! Flows in several processes: which part this one runs, or all parts as children of it.

use std::io;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use compysition_flow::Loaded;
use compysition_nodes::Here;
use tokio::process::{Child, Command};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::args::{Files, Log, Place};
use crate::signals::Signals;
use crate::{Program, files, output};

/// How long a node is left down that has just died, at first and at most, and how long it must have run to begin anew.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const RAN_WELL: Duration = Duration::from_secs(30);

/// Returns what this process runs of the flows; or says why it cannot.
pub(crate) fn parts(program: &Program, loaded: Vec<Loaded>, place: &Place) -> Option<Vec<Loaded>> {
    let Some(node) = &place.node else {
        return Some(loaded);
    };
    let mut parts = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for flow in loaded {
        let placed = flow.placement().and_then(|placement| {
            known.extend(placement.nodes().iter().map(|node| node.name.to_string()));
            Some((placement, placement.node(node)?))
        });
        let Some((placement, placed)) = placed else {
            tracing::info!(flow = flow.name(), "not in node `{node}`");
            continue;
        };
        if !(1..=placed.replicas).contains(&place.replica) {
            let (replica, replicas) = (place.replica, placed.replicas);
            tracing::info!(
                flow = flow.name(),
                "node `{node}` has no replica {replica}; it has {replicas}"
            );
            known.push(format!("{node} with {replicas} replicas"));
            continue;
        }
        let Some(links) = program.links else {
            complain("this program was built without links between processes (feature `zeromq`)");
            return None;
        };
        let transport = match links(placement, placed) {
            Ok(transport) => transport,
            Err(reason) => {
                complain(&reason);
                return None;
            }
        };
        let here = Here {
            process: node,
            replica: place.replica,
        };
        parts.push(flow.part(here, transport));
    }
    if parts.is_empty() {
        known.dedup();
        let known = match known.is_empty() {
            true => "their files name no `nodes`".to_owned(),
            false => format!("there are {}", known.join(", ")),
        };
        complain(&format!("none of the flows has a node `{node}`; {known}"));
        return None;
    }
    Some(parts)
}

fn complain(reason: &str) {
    output::complain(format_args!("error: {reason}\n"));
}

/// Runs each node of the flows as a child process, until all have ended or this one is told to stop.
pub(crate) fn run_all(program: &Program, files: &Files, log: &Log) -> ExitCode {
    let Some(loaded) = files::load(program, files) else {
        return ExitCode::FAILURE;
    };
    let mut nodes: Vec<(String, usize)> = Vec::new();
    for flow in &loaded {
        let Some(placement) = flow.placement() else {
            complain(&format!(
                "flow `{}` names no `nodes`, so there is nothing to start; run it without `--all`",
                flow.name()
            ));
            return ExitCode::FAILURE;
        };
        for node in placement.nodes() {
            let replicas = (1..=node.replicas).map(|replica| (node.name.to_string(), replica));
            nodes.extend(
                replicas
                    .filter(|one| !nodes.contains(one))
                    .collect::<Vec<_>>(),
            );
        }
    }
    drop(loaded);
    match run_children(&nodes, files, log) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("the nodes cannot be started: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all ended well.
fn run_children(nodes: &[(String, usize)], files: &Files, log: &Log) -> io::Result<bool> {
    let program = std::env::current_exe()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let (tell, told) = watch::channel(0u8);
        let mut children = JoinSet::new();
        for (node, replica) in nodes {
            let make = {
                let (program, arguments) = (program.clone(), arguments(node, *replica, files, log));
                move || {
                    let mut command = Command::new(&program);
                    command
                        .args(&arguments)
                        .stdin(Stdio::null())
                        .kill_on_drop(true);
                    // Else a terminal would signal it as well, and two signals end it at once.
                    #[cfg(unix)]
                    command.process_group(0);
                    command
                }
            };
            children.spawn(keep(format!("{node} {replica}"), make, told.clone()));
        }
        let mut all_well = true;
        loop {
            tokio::select! {
                ended = children.join_next() => match ended {
                    Some(is_well) => all_well &= is_well.unwrap_or(false),
                    None => return Ok(all_well),
                },
                () = signals.next() => tell.send_modify(|signals| *signals += 1),
            }
        }
    })
}

fn arguments(node: &str, replica: usize, files: &Files, log: &Log) -> Vec<String> {
    let mut arguments = vec!["run".to_owned()];
    let options = [
        ("--node", node.to_owned()),
        ("--replica", replica.to_string()),
        ("--parent", std::process::id().to_string()),
    ];
    let set = files
        .set
        .iter()
        .map(|(name, value)| ("--set", format!("{name}={value}")));
    for (option, value) in options.into_iter().chain(log.options()).chain(set) {
        arguments.extend([option.to_owned(), value]);
    }
    arguments.extend(files.files.iter().map(|file| file.display().to_string()));
    arguments
}

/// Keeps a child running, until it ends by itself or all are told to stop. Returns whether it ended well.
async fn keep(name: String, make: impl Fn() -> Command, mut signals: watch::Receiver<u8>) -> bool {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        let child = match make().spawn() {
            Ok(child) => child,
            Err(error) => {
                tracing::error!("node {name} cannot be started: {error}");
                return false;
            }
        };
        tracing::info!(process = child.id(), "node {name} is started");
        let status = match attend(child, &mut signals).await {
            Ok(status) => status,
            Err(error) => {
                tracing::error!("nothing is known of node {name} any more: {error}");
                return false;
            }
        };
        let is_stopping = *signals.borrow() > 0;
        if status.success() || is_stopping {
            tracing::info!("node {name} has ended: {status}");
            return status.success();
        }
        // It said itself that there is no use in trying again.
        if status.code() == Some(2) {
            return false;
        }
        if began.elapsed() > RAN_WELL {
            pause = FIRST_PAUSE;
        }
        tracing::warn!("node {name} has died ({status}), and is started again in {pause:?}");
        tokio::select! {
            () = sleep(pause) => {}
            _ = signals.changed() => return false,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits for the end of a child, and passes the signals on to it.
async fn attend(mut child: Child, signals: &mut watch::Receiver<u8>) -> io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status,
            Ok(()) = signals.changed() => match *signals.borrow_and_update() {
                1 => terminate(&mut child),
                _ => child.start_kill()?,
            },
        }
    }
}

#[cfg(unix)]
fn terminate(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = child
        .id()
        .and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    if let Some(pid) = pid {
        // It may have ended just now.
        let _ = kill_process(pid, Signal::TERM);
    }
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) {
    // There is no gentler way.
    let _ = child.start_kill();
}
