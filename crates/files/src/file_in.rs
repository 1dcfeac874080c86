//! Events from files.

use std::path::Path;
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
use crate::found::pattern;
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
/// read on for 5 s, and a new one of its name from its beginning; so is one that is cut off.
///
/// With a `checkpoint` a restart goes on behind the events that had settled, in order; those behind that were under way are repeated after
/// a `kill -9` (events that settled in the last second among them), none is lost. Without one a restart begins anew. An event that failed takes its error path once, and is not
/// read again.
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
    batch: usize,
    /// How large a record may be.
    #[serde(default = "max_record")]
    max_record: ByteSize,
    /// Where a `tail` without checkpoint begins in files that are there at the start; new ones are read from their beginning.
    #[serde(default)]
    start: Start,
    /// How often new files and lines are looked for, such as `10s`, or when: `{ cron: "*/5 * * * *", time_zone: Europe/Berlin }`, with the schedules of
    /// `cron`. What is not ready at such a time is looked at again until it is.
    #[serde(default)]
    poll: Poll,
    /// What makes a file ready to be read in `mode: whole`.
    #[serde(default)]
    ready: Ready,
    /// What becomes of a file in `mode: whole` whose events were all delivered, or kept as dead letters.
    #[serde(default)]
    delivered: Disposal,
    /// What becomes of a file in `mode: whole` of which an event failed.
    #[serde(default)]
    failed: Disposal,
    /// The file that remembers how far files were read. Each `file_in` needs one of its own.
    checkpoint: Option<FilePath>,
    /// How often that file is written.
    #[serde(default = "second")]
    checkpoint_every: TimeSpan,
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

fn one() -> usize {
    1
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
        let base = Surroundings::current().base;
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
        let is_tail = settings.mode == Reading::Tail;
        if is_tail && [&settings.delivered, &settings.failed] != [&Disposal::Keep; 2] {
            return Err("`delivered` and `failed` are for `mode: whole`: a file that is written on is never done".into());
        }
        if is_tail && settings.once {
            return Err("`once` is for `mode: whole`".into());
        }
        let default_codec = match is_tail {
            true => Codec::Lines(Text::default()),
            false => Codec::Text(Text::default()),
        };
        let codec = settings.codec.unwrap_or(default_codec);
        if let (true, Some(name)) = (is_tail, whole_only(&codec)) {
            return Err(format!(
                "`codec: {name}` is for `mode: whole`: a file that is written on has no end"
            ));
        }
        if is_tail && codec == Codec::MessagePack {
            return Err("`codec: message_pack` is for `mode: whole`: behind a damaged value nothing tells where another begins".into());
        }
        for (name, disposal) in [
            ("delivered", &settings.delivered),
            ("failed", &settings.failed),
        ] {
            let checked = disposal.directory().map_or(Ok(()), check_directory);
            checked.map_err(|why| format!("`{name}`: {why}"))?;
        }
        if let Some(path) = &settings.checkpoint {
            // It is replaced each time.
            check_file(path.as_path(), true).map_err(|why| format!("`checkpoint`: {why}"))?;
        }
        Ok(FileIn::of(Plan {
            patterns: patterns.collect::<Result<_, _>>()?,
            files,
            reading: settings.mode,
            codec,
            batch: settings.batch.max(1),
            max_record: settings.max_record.0,
            from_end: settings.start == Start::End,
            poll: settings.poll,
            stable: settings.ready.stable.0,
            delivered: settings.delivered,
            failed: settings.failed,
            checkpoint: settings.checkpoint.map(|path| path.as_path().to_owned()),
            checkpoint_every: settings.checkpoint_every.0,
            once: settings.once,
        }))
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
        let before = match self.plan.checkpoint.clone() {
            None => Checkpoint::default(),
            Some(path) => {
                let load = path.clone();
                let loaded = ctx.blocking(move || Checkpoint::load(&load)).await?;
                loaded.map_err(|error| {
                    let path = path.display();
                    Error::internal(format!(
                        "cannot read the checkpoint `{path}`: {error}; remove it to read all files anew"
                    ))
                })?
            }
        };
        let watch = Watch::new(self.plan.clone(), before, Instant::now());
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
        let ports = ports.works_on(self.plan.files.clone());
        match &self.plan.checkpoint {
            Some(_) => ports.resumes(),
            None => ports,
        }
    }
}
