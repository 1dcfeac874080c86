//! A process for each event.

use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use compysition_core::{Context, Error, ErrorKind, Event, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::child::Child;
use crate::envelope::NoEvent;
use crate::exec::Plan;
use crate::fault;

/// How long to wait for the rest of the output of a process that has ended, if somebody else has it open.
const PATIENCE: Duration = Duration::from_millis(500);

/// Runs a process for each event.
#[derive(Debug)]
pub(crate) struct Each;

/// How a process ended.
enum End {
    Done(ExitStatus, Vec<u8>),
    TooLarge,
    TooSlow,
    Cancelled,
}

impl Each {
    pub(crate) async fn run(&self, plan: &Plan, event: Event, ctx: &Context) -> Result<Event> {
        let program = &plan.program.name;
        let mut child = plan.program.start(Some(&event), ctx)?;
        let told = plan.form.told(&event)?;
        let end = tokio::select! {
            end = talk(&mut child, &told, plan.max_output) => end?,
            () = sleep(plan.timeout.0) => End::TooSlow,
            () = ctx.cancelled() => End::Cancelled,
        };
        let (status, output) = match end {
            End::Done(status, output) => (status, output),
            unfinished => {
                child.kill().await;
                return Err(match unfinished {
                    End::TooSlow => fault::too_slow(program, plan.timeout),
                    End::TooLarge => fault::too_large(program, plan.max_output),
                    _ => Error::new(
                        ErrorKind::Cancelled,
                        format!("nobody waits for what `{program}` does; it was killed"),
                    ),
                });
            }
        };
        if !status.success() {
            let stderr = child.stderr.last().await;
            return Err(fault::of_exit(program, status, &stderr, &plan.exit_codes));
        }
        drop(told);
        plan.form.apply(event, output).map_err(|no| match no {
            NoEvent::Said(error) => error,
            NoEvent::Garbled(why) => Error::new(
                ErrorKind::BadGateway,
                format!("what `{program}` wrote is no answer: {why}"),
            ),
        })
    }
}

/// Writes the input and reads the output at the same time, until the process has ended.
async fn talk(child: &mut Child, input: &[u8], most: usize) -> Result<End> {
    let mut output = Vec::new();
    let stdin = child.stdin.take();
    let write = async move {
        if let Some(mut stdin) = stdin {
            // A program need not read all of its input.
            let _ = stdin.write_all(input).await;
        }
    };
    // The output is read beside the process, which is waited for at the same time.
    let status = {
        let (process, stdout) = child.parts();
        let mut limited = stdout.take(most as u64 + 1);
        let read = limited.read_to_end(&mut output);
        let mut talk = pin!(async { tokio::join!(write, read).1 });
        let mut exit = pin!(process);
        tokio::select! {
            read = &mut talk => match read? > most {
                true => None,
                false => Some(exit.await?),
            },
            status = &mut exit => {
                // Who holds the output open without being in the group is not waited for.
                if let Ok(read) = timeout(PATIENCE, talk).await {
                    read?;
                }
                Some(status?)
            }
        }
    };
    Ok(match status {
        Some(status) if output.len() <= most => End::Done(status, output),
        _ => End::TooLarge,
    })
}
