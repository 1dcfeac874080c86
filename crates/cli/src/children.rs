//! A flow in several processes on this machine, each node a child of this one.

use std::io;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::args::{Files, Log};
use crate::counters::Asked;
use crate::nodes::links;
use crate::signals::Signals;
use crate::{Program, complaints, files};

/// How long a node is left down that has just died, at first and at most, and how long it must have run to begin anew.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const RAN_WELL: Duration = Duration::from_secs(30);

/// The status of a child that there is no use in starting again: what it lacks does not come with time. A wrong command line
/// has it, too.
pub(crate) const HOPELESS: u8 = 2;

/// Runs each node of the flows as a child process, until all have ended or this one is told to stop.
pub(crate) fn run_all(
    program: &Program,
    files: &Files,
    threads: Option<u16>,
    log: &Log,
) -> ExitCode {
    let (Some(loaded), Some(links)) = (files::load_linked(program, files), links(program, log.log))
    else {
        return ExitCode::FAILURE;
    };
    let mut nodes: Vec<(String, usize)> = Vec::new();
    for flow in &loaded {
        let Some(placement) = flow.placement() else {
            let reason = "names no `nodes`, so there is nothing to start; run it without `--all`";
            complaints::say(log.log, format_args!("flow `{}` {reason}", flow.name()));
            return ExitCode::FAILURE;
        };
        for node in placement.nodes() {
            // What it lacks it would lack again each time that it is started.
            if let Err(found) = flow.transport(node, &*links) {
                complaints::show(log.log, &found);
                return ExitCode::FAILURE;
            }
            let replicas = (1..=node.replicas).map(|replica| (node.name.to_string(), replica));
            nodes.extend(
                replicas
                    .filter(|one| !nodes.contains(one))
                    .collect::<Vec<_>>(),
            );
        }
    }
    drop(loaded);
    let threads = threads.unwrap_or_else(|| share(processors(), nodes.len()));
    match run_children(&nodes, files, threads, log) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complaints::say(
                log.log,
                format_args!("the nodes cannot be started: {error}"),
            );
            ExitCode::FAILURE
        }
    }
}

fn processors() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Returns how many threads each of some processes has that share the processors. More would be in each other's way: an
/// event that goes from one thread to another costs several times as much as one that stays.
fn share(processors: usize, processes: usize) -> u16 {
    let share = processors / processes.max(1);
    u16::try_from(share).unwrap_or(u16::MAX).max(1)
}

/// Returns whether all ended well.
fn run_children(
    nodes: &[(String, usize)],
    files: &Files,
    threads: u16,
    log: &Log,
) -> io::Result<bool> {
    let program = std::env::current_exe()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let _asked = Asked::listen();
        let (mut stop, told) = Stop::new();
        let mut children = JoinSet::new();
        for (node, replica) in nodes {
            let make = {
                let (program, arguments) = (
                    program.clone(),
                    arguments(node, *replica, files, threads, log),
                );
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
                    Some(Ok(End::Well)) => {}
                    Some(Ok(End::Hopeless)) => {
                        all_well = false;
                        // The others would wait for it for ever.
                        stop.by_itself();
                    }
                    Some(_) => all_well = false,
                    None => return Ok(all_well),
                },
                () = signals.next() => stop.by_signal(),
            }
        }
    })
}

/// Tells the children how often they are to be signalled: once to stop, and twice to end at once.
struct Stop {
    tell: watch::Sender<u8>,
    /// How often somebody has signalled this process.
    signals: u8,
}

impl Stop {
    fn new() -> (Stop, watch::Receiver<u8>) {
        let (tell, told) = watch::channel(0);
        (Stop { tell, signals: 0 }, told)
    }

    /// Stops all, if nobody has told them to: the first signal that comes later is still the first.
    fn by_itself(&self) {
        self.raise(1);
    }

    fn by_signal(&mut self) {
        self.signals = self.signals.saturating_add(1);
        self.raise(self.signals);
    }

    /// Tells only what is new: a child that is told the same again would take it for the second signal.
    fn raise(&self, signals: u8) {
        self.tell.send_if_modified(|told| {
            let is_more = signals > *told;
            *told = signals.max(*told);
            is_more
        });
    }
}

fn arguments(node: &str, replica: usize, files: &Files, threads: u16, log: &Log) -> Vec<String> {
    let mut arguments = vec!["run".to_owned()];
    let options = [
        ("--node", node.to_owned()),
        ("--replica", replica.to_string()),
        ("--parent", std::process::id().to_string()),
        ("--threads", threads.to_string()),
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

/// How a node has ended, for good.
pub(crate) enum End {
    /// All that was under way got done.
    Well,
    Badly,
    /// It cannot run at all.
    Hopeless,
}

impl End {
    pub(crate) fn of(all_done: bool) -> End {
        if all_done { End::Well } else { End::Badly }
    }
}

/// Keeps a child running, until it ends by itself or all are told to stop.
async fn keep(name: String, make: impl Fn() -> Command, mut signals: watch::Receiver<u8>) -> End {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        let child = match make().spawn() {
            Ok(child) => child,
            Err(error) => {
                tracing::error!("node {name} cannot be started: {error}");
                return End::Hopeless;
            }
        };
        tracing::info!(process = child.id(), "node {name} is started");
        let status = match attend(child, &mut signals).await {
            Ok(status) => status,
            Err(error) => {
                tracing::error!("nothing is known of node {name} any more: {error}");
                return End::Badly;
            }
        };
        let is_stopping = *signals.borrow() > 0;
        if status.success() || is_stopping {
            tracing::info!("node {name} has ended: {status}");
            return End::of(status.success());
        }
        if status.code() == Some(i32::from(HOPELESS)) {
            tracing::error!(
                "node {name} cannot run ({status}), and all others are stopped; its own log says why"
            );
            return End::Hopeless;
        }
        if began.elapsed() > RAN_WELL {
            pause = FIRST_PAUSE;
        }
        tracing::warn!("node {name} has died ({status}), and is started again in {pause:?}");
        tokio::select! {
            () = sleep(pause) => {}
            _ = signals.changed() => return End::Badly,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits for the end of a child, and passes the signals on to it.
async fn attend(mut child: Child, signals: &mut watch::Receiver<u8>) -> io::Result<ExitStatus> {
    let mut asked = Asked::listen();
    loop {
        tokio::select! {
            () = asked.next() => ask(&child),
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
    signal(child, rustix::process::Signal::TERM);
}

/// Asks a child for its counters.
#[cfg(unix)]
fn ask(child: &Child) {
    signal(child, rustix::process::Signal::USR1);
}

#[cfg(not(unix))]
fn ask(_: &Child) {}

#[cfg(unix)]
fn signal(child: &Child, signal: rustix::process::Signal) {
    use rustix::process::{Pid, kill_process};
    let pid = child
        .id()
        .and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    if let Some(pid) = pid {
        // It may have ended just now.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) {
    // There is no gentler way.
    let _ = child.start_kill();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Form, Level};

    #[test]
    fn processes_share_the_processors_and_have_one_thread_at_least() {
        let shares = [(8, 2), (8, 3), (2, 2), (2, 5), (8, 0)].map(|(all, each)| share(all, each));
        assert_eq!(shares, [4, 2, 1, 1, 8]);
    }

    #[test]
    fn a_child_is_told_its_share_of_the_threads() {
        let files = Files {
            files: vec!["flow.yaml".into()],
            set: Vec::new(),
        };
        let log = Log {
            log: Form::Human,
            log_level: Level::Info,
        };
        let arguments = arguments("work", 2, &files, 3, &log);
        assert!(arguments.windows(2).any(|pair| pair == ["--threads", "3"]));
    }

    #[test]
    fn only_a_second_signal_of_somebody_ends_all_at_once() {
        let (mut stop, mut told) = Stop::new();
        let mut next = || {
            let is_told = told.has_changed().unwrap();
            is_told.then(|| *told.borrow_and_update())
        };
        stop.by_itself();
        assert_eq!(next(), Some(1));
        stop.by_itself();
        stop.by_signal();
        assert_eq!(next(), None);
        stop.by_signal();
        assert_eq!(next(), Some(2));
        stop.by_itself();
        assert_eq!(next(), None);
    }
}
