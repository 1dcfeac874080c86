//! The command `replay`.

mod ledger;
mod letters;
mod moment;
mod sender;
mod survey;
mod target;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use compysition_actors::replayed;
use compysition_core::{Flow, Outcome};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

use crate::args::{Log, ReplayOptions};
use crate::signals::Signals;
use crate::{Program, complaints, log, output};
use ledger::Ledger;
use letters::{Letters, Selection};
pub(crate) use moment::Moment;
use sender::{Sender, Sent};
use survey::Survey;
use target::Places;
pub(crate) use target::Target;

/// Sends dead letters once more, or tells which ones it would send.
pub(crate) fn replay(program: &Program, args: &ReplayOptions, log: &Log) -> ExitCode {
    let is_list = |file: &&PathBuf| file.extension().is_some_and(|name| name == "replayed");
    let files = args.files.iter().filter(|file| !is_list(file));
    // All are opened first: what dies again may get into one that comes later, and must not be sent twice.
    let opened: Vec<_> = files.map(|file| (file, Letters::open(file))).collect();
    let mut all_done = true;
    for (file, letters) in opened {
        let letters = letters.map_err(|error| unreadable(file, &error));
        let done = letters.and_then(|letters| try_replay(program, args, (file, letters), log));
        match done {
            Ok(Progress::Done) => {}
            Ok(Progress::Incomplete) => all_done = false,
            Ok(Progress::Stopped) => return ExitCode::FAILURE,
            Err(message) => {
                output::complain(format_args!("error: {message}\n"));
                all_done = false;
            }
        }
    }
    match all_done {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// How far the letters of a file were sent.
enum Progress {
    /// All that was selected was delivered.
    Done,
    /// Something cannot be read, or died again.
    Incomplete,
    /// A signal came: what other files hold is not to be sent either.
    Stopped,
}

impl Progress {
    fn done_if(is_done: bool) -> Progress {
        match is_done {
            true => Progress::Done,
            false => Progress::Incomplete,
        }
    }
}

fn try_replay(
    program: &Program,
    args: &ReplayOptions,
    (file, mut letters): (&Path, Letters),
    log: &Log,
) -> Result<Progress, String> {
    let mut ledger = Ledger::open(file).map_err(|error| unreadable(&replayed(file), &error))?;
    let selection = Selection::new(args, &ledger);
    let Some(mut flow) =
        target::load(program, &args.into, &args.set, || letters.flows(&selection))?
    else {
        return Ok(Progress::Incomplete);
    };
    let name = flow.name().to_owned();
    let mut places = Places::new(flow.director_mut(), &args.into, &name);
    let mut survey = Survey::default();
    for found in letters.read().map_err(|error| unreadable(file, &error))? {
        survey.look(found, &selection, &mut places, args.dry_run);
    }
    survey.tell(file, &args.actor, args.dry_run);
    if args.dry_run || survey.count == 0 {
        return Ok(Progress::done_if(survey.wrong == 0));
    }
    ledger.prepare().map_err(|error| {
        let path = replayed(file);
        let path = path.display();
        format!("`{path}`, the list of what was sent, cannot be written: {error}")
    })?;
    log::start(log, None);
    let (sent, outcomes) = mpsc::unbounded_channel();
    let sender = Sender::new(letters, selection, places.clone(), sent);
    places.connect(flow.director_mut(), sender);
    let runtime = Builder::new_multi_thread().enable_all().build();
    let tally = runtime
        .and_then(|runtime| {
            runtime.block_on(async {
                let mut signals = Signals::listen()?;
                match flow.start().await {
                    Ok(flow) => Ok(Some(run(flow, outcomes, ledger, &mut signals).await)),
                    Err(diagnostics) => {
                        complaints::show(log.log, &diagnostics);
                        Ok(None)
                    }
                }
            })
        })
        .map_err(|error: io::Error| error.to_string())?;
    let Some(tally) = tally else {
        return Ok(Progress::Incomplete);
    };
    output::say(format_args!("{}\n", tally.describe(survey.count)));
    if tally.was_stopped {
        return Ok(Progress::Stopped);
    }
    let all_delivered = tally.delivered == survey.count;
    Ok(Progress::done_if(survey.wrong == 0 && all_delivered))
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("`{}` cannot be read: {error}", path.display())
}

/// Runs the flow until all letters are sent and what came of them is done.
async fn run(
    flow: Flow,
    mut outcomes: mpsc::UnboundedReceiver<Sent>,
    mut ledger: Ledger,
    signals: &mut Signals,
) -> Tally {
    let listen = tokio::spawn(async move {
        let mut tally = Tally::default();
        while let Some(Sent { key, settlement }) = outcomes.recv().await {
            let outcome = settlement.await;
            tally.count(&outcome);
            // What was kept again has a new letter.
            let is_done = matches!(outcome, Outcome::Delivered | Outcome::Kept | Outcome::Away);
            if is_done && let Err(error) = ledger.note(&key) {
                tracing::error!("a letter that was sent may be sent again: {error}");
            }
        }
        tally
    });
    let was_stopped = tokio::select! {
        () = flow.block() => false,
        () = signals.next() => {
            tracing::info!("stopping; a second signal ends at once");
            true
        }
    };
    tokio::select! {
        _ = flow.stop() => {}
        () = signals.next() => {
            flow.abort().await;
        }
    }
    drop(flow);
    Tally {
        was_stopped,
        ..listen.await.unwrap_or_default()
    }
}

/// What became of the letters that were sent.
#[derive(Default)]
struct Tally {
    delivered: usize,
    kept: usize,
    failed: usize,
    was_stopped: bool,
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Kept => self.kept += 1,
            Outcome::Failed(_) => self.failed += 1,
            _ => self.delivered += 1,
        }
    }

    fn describe(&self, selected: usize) -> String {
        let Tally {
            delivered,
            kept,
            failed,
            ..
        } = self;
        let sent = delivered + kept + failed;
        format!(
            "{sent} of {selected} letters sent: {delivered} delivered, {kept} are dead letters again, {failed} failed"
        )
    }
}
