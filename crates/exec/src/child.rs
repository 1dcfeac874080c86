//! A process, with all that it has started.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use compysition_core::{Context, Error, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::BufReader;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::timeout;

use crate::stderr::Stderr;

/// A process and its group. Dropped, all of it is killed.
pub(crate) struct Child {
    process: tokio::process::Child,
    /// The group, until it is known to be gone: its number may be another one's later.
    group: Option<Pid>,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: BufReader<ChildStdout>,
    pub(crate) stderr: Stderr,
}

impl Child {
    pub(crate) fn new(
        mut process: tokio::process::Child,
        stderr_lines: usize,
        ctx: &Context,
    ) -> Result<Child> {
        let group = process.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pipes = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(Error::internal("a process was started without its pipes"));
        };
        Ok(Child {
            process,
            group,
            stdin: Some(stdin),
            stdout: BufReader::new(stdout),
            stderr: Stderr::read(stderr, stderr_lines, ctx),
        })
    }

    /// Returns how the process has ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.process.try_wait().ok().flatten();
        if status.is_some() {
            kill_all(&mut self.group);
        }
        status
    }

    /// Waits until the process ends, and ends what it has started.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.parts().0.await
    }

    /// Returns the same, and the output beside it.
    pub(crate) fn parts(
        &mut self,
    ) -> (
        impl Future<Output = io::Result<ExitStatus>>,
        &mut BufReader<ChildStdout>,
    ) {
        let (process, group) = (&mut self.process, &mut self.group);
        let wait = async move {
            let status = process.wait().await;
            kill_all(group);
            status
        };
        (wait, &mut self.stdout)
    }

    /// Kills the process and all that it has started.
    pub(crate) async fn kill(&mut self) -> Option<ExitStatus> {
        self.signal(Signal::KILL);
        self.wait().await.ok()
    }

    /// Has the process end: by itself when its input is closed, else by a signal.
    pub(crate) async fn end(mut self, grace: Duration) {
        self.stdin = None;
        if timeout(grace, self.wait()).await.is_ok() {
            return;
        }
        self.signal(Signal::TERM);
        if timeout(grace, self.wait()).await.is_err() {
            self.kill().await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // If it is gone already, that is as well.
            let _ = kill_process_group(group, signal);
        }
    }
}

/// Kills what is left of a group.
fn kill_all(group: &mut Option<Pid>) {
    if let Some(group) = group.take() {
        // If it is gone already, that is as well.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        kill_all(&mut self.group);
    }
}
