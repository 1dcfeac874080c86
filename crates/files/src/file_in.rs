//! Events from files.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use compysition_convert::{Codec, Text};
use compysition_core::{
    Actor, ByteSize, Context, Error, Event, FilePath, Ports, Result, Surroundings, TimeSpan,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::checkpoint::Checkpoint;
use crate::disposal::Disposal;
use crate::found::{is_named, pattern};
use crate::lock::{Lock, NoLock};
use crate::poll::Poll;
use crate::watch::{Plan, Watch};
use crate::writable::{check_directory, check_file};

/// Makes events of files that are there or appear.
///
/// With `mode: whole` each file is read once, when it has not changed for the time of `stable`. By default all of it is one event; with a
/// `codec` such as `csv` or `lines` each record is one. When all of its events have settled, the file is dealt with as `delivered` says, or, if
/// one of them failed, as `failed` says. A file that stays is read again when it changes.
///
/// With `mode: tail` each line that is written to a file is an event, as soon as its line break is there. A file that is moved aside (log rotation) is
/// read on for 5 s, and a new one of its name from its beginning. So is one that is cut off, and one that is written over in its place, as far as
/// its first 256 bytes tell that; the log says it.
///
/// With a `checkpoint` a restart goes on behind the events that had settled, in order; those behind that were under way are repeated after
/// a `kill -9` (events that settled in the last second among them), none is lost. Without one a restart begins anew. An event that failed takes its error path once, and is not
/// read again. A log that was moved aside meanwhile, in its directory, is read on first; of a file that is gone the log says up to where it was done.
///
/// Events have the attributes `file_name` and `file_path`. What is no record takes the error path with the bytes that it is
/// made of, at most 64 KiB. A `tail` goes on behind it at the next line (with JSON one that begins with `{` or `[`, with XML at the next
/// element of the name); a whole file is read no further, unless its records are lines or rows. What cannot be opened takes the error path
/// once, and is read when it can be.
///
/// Example: `file_in: { path: "in/*.csv", codec: csv, delivered: { move: done }, failed: { move: failed } }`
///
/// Purpose: in and out. Patterns: file transfer, polling consumer.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct FileIn {
    plan: Arc<Plan>,
    watch: Option<Arc<Mutex<Watch>>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The files: a path, which may have `*`, `?`, `[a-z]` and `**` in it, or a list of such.
    path: Patterns,
    /// Whether files are read once (`whole`) or lines as they are written (`tail`).
    #[serde(default)]
    mode: Reading,
    /// How records stand in a file; `text` (all of it is one) in `mode: whole` and `lines` in `mode: tail` by default.
    codec: Option<Codec>,
    /// How many records make an event at most: texts as lines, others as a list.
    #[serde(default = "one")]
    batch: NonZeroUsize,
    /// How large a record may be.
    #[serde(default = "max_record")]
    max_record: ByteSize,
    /// Where a `tail` begins in files that are there at its first start; new ones are read from their beginning, and with a checkpoint those that
    /// come between two runs.
    #[serde(default)]
    start: Start,
    /// How often new files and lines are looked for, such as `10s`, or when: `{ cron: "*/5 * * * *", time_zone: Europe/Berlin }`, with the schedules of
    /// `cron`. What is not ready at such a time is looked at again until it is.
    #[serde(default)]
    poll: Poll,
    /// What makes a file ready to be read in `mode: whole`.
    ready: Option<Ready>,
    /// What becomes of a file in `mode: whole` whose events were all delivered, or kept as dead letters.
    #[serde(default)]
    delivered: Disposal,
    /// What becomes of a file in `mode: whole` of which an event failed.
    #[serde(default)]
    failed: Disposal,
    /// The file that remembers how far files were read. Each `file_in` needs one of its own; while it is in use, nobody else can use it.
    checkpoint: Option<FilePath>,
    /// How often that file is written; `1s` by default.
    checkpoint_every: Option<TimeSpan>,
    /// Whether the actor ends when all files that were there at the start are done, in `mode: whole`.
    #[serde(default)]
    once: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Patterns {
    One(String),
    Several(Vec<String>),
}

/// Says how files are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Once, when nothing is written to them any more.
    #[default]
    Whole,
    /// Line by line, as they are written.
    Tail,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Start {
    /// With all that is there.
    #[default]
    Beginning,
    /// With what comes.
    End,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Ready {
    /// How long a file must not have changed.
    stable: TimeSpan,
}

impl Default for Ready {
    fn default() -> Ready {
        Ready { stable: second() }
    }
}

fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

fn second() -> TimeSpan {
    TimeSpan::seconds(1)
}

fn max_record() -> ByteSize {
    ByteSize(16 << 20)
}

impl TryFrom<Settings> for FileIn {
    type Error = String;

    fn try_from(settings: Settings) -> Result<FileIn, String> {
        settings.check()?;
        let base = Surroundings::current().base;
        let codec = settings.codec()?;
        let patterns = match settings.path {
            Patterns::One(one) => vec![one],
            Patterns::Several(several) => several,
        };
        let moved_to = [&settings.delivered, &settings.failed].map(Disposal::directory);
        let written = settings.checkpoint.as_ref().map(FilePath::as_path);
        let others = moved_to.into_iter().flatten().chain(written);
        let files = patterns.iter().map(|given| base.join(given));
        let files = files.chain(others.map(Path::to_owned)).collect();
        let patterns = patterns.iter().map(|given| pattern(&base, given));
        Ok(FileIn::of(Plan {
            patterns: patterns.collect::<Result<_, _>>()?,
            files,
            reading: settings.mode,
            codec,
            batch: settings.batch.get(),
            max_record: settings.max_record.0,
            from_end: settings.start == Start::End,
            poll: settings.poll,
            stable: settings.ready.unwrap_or_default().stable.0,
            delivered: settings.delivered,
            failed: settings.failed,
            checkpoint: settings.checkpoint.map(|path| path.as_path().to_owned()),
            checkpoint_every: settings.checkpoint_every.unwrap_or(second()).0,
            once: settings.once,
        }))
    }
}

impl Settings {
    fn is_tail(&self) -> bool {
        self.mode == Reading::Tail
    }

    /// Finds what does not go together, and what cannot be written.
    fn check(&self) -> Result<(), String> {
        let disposals = [("delivered", &self.delivered), ("failed", &self.failed)];
        if self.is_tail() {
            if let Some((name, _)) = disposals.iter().find(|(_, to)| **to != Disposal::Keep) {
                return Err(format!(
                    "`{name}` is for `mode: whole`: a file that is written on is never done"
                ));
            }
            if self.once {
                return Err("`once` is for `mode: whole`".into());
            }
            if self.ready.is_some() {
                return Err("`ready` is for `mode: whole`: else a line is read as soon as its line break is there".into());
            }
        } else if self.start == Start::End {
            return Err(
                "`start: end` is for `mode: tail`: a whole file is read from its beginning".into(),
            );
        }
        if self.max_record.0 == 0 {
            return Err("`max_record: 0` has no room for a record; write a size like 64KiB".into());
        }
        if self.checkpoint.is_none() && self.checkpoint_every.is_some() {
            return Err(
                "`checkpoint_every` needs a `checkpoint`, the file that is written so often".into(),
            );
        }
        for (name, disposal) in disposals {
            let checked = disposal.directory().map_or(Ok(()), check_directory);
            checked.map_err(|why| format!("`{name}`: {why}"))?;
        }
        if let Some(path) = &self.checkpoint {
            // It is replaced each time.
            check_file(path.as_path(), true).map_err(|why| format!("`checkpoint`: {why}"))?;
        }
        Ok(())
    }

    fn codec(&self) -> Result<Codec, String> {
        let default = match self.mode {
            Reading::Tail => Codec::Lines(Text::default()),
            Reading::Whole => Codec::Text(Text::default()),
        };
        let codec = self.codec.clone().unwrap_or(default);
        if !self.is_tail() {
            return Ok(codec);
        }
        if let Some(name) = whole_only(&codec) {
            return Err(format!(
                "`codec: {name}` is for `mode: whole`: a file that is written on has no end"
            ));
        }
        if codec == Codec::MessagePack {
            return Err("`codec: message_pack` is for `mode: whole`: behind a damaged value nothing tells where another begins".into());
        }
        Ok(codec)
    }
}

/// Returns the name of a codec whose record is the whole file.
fn whole_only(codec: &Codec) -> Option<&'static str> {
    match codec {
        Codec::Text(_) => Some("text"),
        Codec::Form => Some("form"),
        _ => None,
    }
}

impl FileIn {
    fn of(plan: Plan) -> FileIn {
        FileIn {
            plan: Arc::new(plan),
            watch: None,
        }
    }
}

impl Actor for FileIn {
    async fn start(&mut self, ctx: &Context) -> Result {
        // Of one that is started again, the lock goes with it.
        self.watch = None;
        let (lock, before) = match self.plan.checkpoint.clone() {
            None => (None, None),
            Some(path) => {
                let lock = take_lock(path.clone(), ctx).await?;
                let loaded = ctx.blocking(move || Checkpoint::load(&path)).await?;
                (lock, loaded.map_err(Error::internal)?)
            }
        };
        let watch = Watch::new(self.plan.clone(), before, lock, Instant::now());
        let watch = Arc::new(Mutex::new(watch));
        self.watch = Some(watch.clone());
        ctx.produce(move |source| async move { watch.lock().await.run(source).await });
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }

    async fn stop(&mut self, ctx: &Context) -> Result {
        // Reading has ended, and all events have settled.
        let Some(watch) = self.watch.take() else {
            return Ok(());
        };
        let mut watch = watch.lock().await;
        watch.settle(ctx).await?;
        watch.save(ctx).await
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().source().single().outside();
        let patterns = self.plan.patterns.clone();
        let ports = ports
            .works_on(self.plan.files.clone())
            .owns(self.plan.checkpoint.clone())
            .reads(move |path| is_named(&patterns, path));
        let ports = match self.plan.reading {
            // What comes of a file that grows is never all there.
            Reading::Tail => ports.endless(),
            Reading::Whole => ports,
        };
        match &self.plan.checkpoint {
            Some(_) => ports.resumes(),
            None => ports,
        }
    }
}

/// Takes the lock of a checkpoint; none where the system has no locks.
///
/// # Errors
/// If somebody else works with it.
async fn take_lock(path: PathBuf, ctx: &Context) -> Result<Option<Lock>> {
    let shown = path.display().to_string();
    match ctx.blocking(move || Lock::of(&path)).await? {
        Ok(lock) => Ok(Some(lock)),
        Err(NoLock::Taken(by)) => {
            let by = by.map_or(String::new(), |process| format!(", in process {process}"));
            Err(Error::unavailable(format!(
                "the checkpoint `{shown}` is in use by another `file_in`{by}: stop that one first, or give this one a checkpoint of its own"
            )))
        }
        Err(NoLock::Failed(error)) => {
            let (flow, actor) = (ctx.flow(), ctx.actor());
            tracing::warn!(
                flow,
                actor,
                "the checkpoint `{shown}` cannot be locked, so see that nobody else uses it: {error}"
            );
            Ok(None)
        }
    }
}
