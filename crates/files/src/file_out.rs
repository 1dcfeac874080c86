//! Events in files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use compysition_core::{Actor, ByteSize, Context, Error, Event, Ports, Result, Tick, TimeSpan};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file_path::PathTemplate;
use crate::rolling::Rolling;
use crate::writing::{Lot, Writing, unwritten};

/// Writes the payload of each event to a file, and passes the event on when it is written.
///
/// With `mode: append` each payload is put at the end of the file, and a line break after it unless it ends with one. With
/// `mode: replace` it is the whole content of the file, as it is, and who reads the file sees all of the old or all of the new content.
///
/// Directories are made as needed. A `path` with `{{ … }}` never leads out of the directory that stands before the first of them; an event
/// that would is `unprocessable`. What cannot be written is `unavailable`, and nothing of it is in the file. What is written survives
/// `kill -9`; with `sync` also the end of the machine.
///
/// A file that would grow beyond `max_size`, or is older than `max_age`, becomes `FILE.1`, the one before `FILE.2`, and so on.
///
/// Example: `file_out: { path: "out/{{ service }}.jsonl", max_size: 100MiB, keep: 5 }`
///
/// Purpose: in and out. Patterns: file transfer.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct FileOut {
    path: PathTemplate,
    mode: Mode,
    files: Rolling,
    waiting: BTreeMap<PathBuf, Lot>,
    waiting_bytes: usize,
    /// What is being written meanwhile.
    writing: Option<Writing>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The file, a template.
    #[serde(alias = "location")]
    path: Template,
    /// Whether payloads are put at the end of the file (`append`) or each is all of it (`replace`).
    #[serde(default)]
    mode: Mode,
    /// How large a file may grow before it is put aside; without it, there is no end.
    #[serde(alias = "maxBytes")]
    max_size: Option<ByteSize>,
    /// How old a file may grow before it is put aside; without it, there is no end.
    max_age: Option<TimeSpan>,
    /// How many files that were put aside are kept.
    #[serde(default = "keep")]
    #[serde(alias = "backupCount")]
    keep: u32,
    /// Whether an event goes on only when it is on the disk itself, and not in the system's memory.
    #[serde(default)]
    sync: bool,
}

fn keep() -> u32 {
    10
}

/// Says what becomes of what is in the file already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It stays, and the payload stands behind it.
    #[default]
    Append,
    /// The payload takes its place.
    Replace,
}

/// How many bytes are written with one call at most, if no single payload is larger.
const AT_ONCE: usize = 256 << 10;

impl FileOut {
    /// Makes an actor that appends to this file, a template.
    ///
    /// # Errors
    /// If the template does not compile, or names no file.
    pub fn to(path: impl Into<String>) -> Result<FileOut> {
        let path = PathTemplate::new(Template::new(path)?).map_err(Error::internal)?;
        Ok(FileOut {
            path,
            mode: Mode::Append,
            files: Rolling {
                max_size: None,
                max_age: None,
                keep: keep(),
                sync: false,
            },
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            writing: None,
        })
    }

    /// Sets what becomes of what is in the file already.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> FileOut {
        self.mode = mode;
        self
    }

    /// Sets how large a file may grow, in bytes, before it is put aside.
    #[must_use]
    pub fn max_size(mut self, bytes: usize) -> FileOut {
        self.files.max_size = Some(bytes as u64);
        self
    }

    /// Sets how many files that were put aside are kept.
    #[must_use]
    pub fn keep(mut self, files: u32) -> FileOut {
        self.files.keep = files;
        self
    }

    async fn replace(&self, path: PathBuf, event: Event, ctx: &Context) -> Result {
        let (files, payload, file) = (self.files.clone(), event.payload().clone(), path.clone());
        let write = move || Ok(files.replace(&file, payload.bytes()?));
        let written: Result<_> = ctx.blocking(write).await?;
        written?.map_err(|error| unwritten(&path, &error))?;
        ctx.send(event)
    }

    /// Begins to write all that waits.
    fn begin(&mut self, ctx: &Context) {
        self.waiting_bytes = 0;
        let lots = std::mem::take(&mut self.waiting);
        if !lots.is_empty() {
            self.writing = Some(Writing::begin(&self.files, lots, ctx));
        }
    }

    /// Waits until what is being written is there, and sends its events on.
    async fn finish(&mut self, ctx: &Context) -> Result {
        let Some(writing) = &mut self.writing else {
            return Ok(());
        };
        // Who is broken off here, as by a time-out, leaves it as it is.
        let sent = writing.finish(ctx).await;
        self.writing = None;
        sent
    }
}

impl Actor for FileOut {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let path = self.path.render((&event, ctx))?;
        if self.mode == Mode::Replace {
            let path = path.into_owned();
            return self.replace(path, event, ctx).await;
        }
        let is_first = self.waiting.is_empty();
        let bytes = event.bytes()?;
        let lot = match self.waiting.get_mut(&*path) {
            Some(lot) => lot,
            None => self.waiting.entry(path.into_owned()).or_default(),
        };
        let before = lot.bytes.len();
        lot.bytes.extend_from_slice(bytes);
        if !bytes.ends_with(b"\n") {
            lot.bytes.push(b'\n');
        }
        self.waiting_bytes += bytes.len();
        match ctx.retain(event) {
            Ok(retained) => lot.events.push(retained),
            Err(error) => {
                lot.bytes.truncate(before);
                return Err(error);
            }
        }
        if self.waiting_bytes >= AT_ONCE {
            let sent = self.finish(ctx).await;
            self.begin(ctx);
            if let Err(error) = sent {
                // It is about other events; the one at hand is on its way.
                tracing::warn!(
                    flow = ctx.flow(),
                    actor = ctx.actor(),
                    "what was written could not all be sent on: {error}"
                );
            }
        } else if is_first {
            // As soon as there is nothing else to take: one call writes what came together.
            ctx.wake_after(Duration::ZERO);
        }
        Ok(())
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        if why == Tick::Stopping {
            let sent = self.finish(ctx).await;
            self.begin(ctx);
            return sent.and(self.finish(ctx).await);
        }
        let sent = match &mut self.writing {
            Some(writing) => writing.try_finish(ctx),
            None => Some(Ok(())),
        };
        let Some(sent) = sent else {
            return Ok(());
        };
        self.writing = None;
        // Whatever became of those: what came meanwhile is not to wait for more.
        self.begin(ctx);
        sent
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().sink().single().writes();
        ports.works_on([self.path.fixed()])
    }
}

impl TryFrom<Settings> for FileOut {
    type Error = String;

    fn try_from(settings: Settings) -> Result<FileOut, String> {
        let rotates = settings.max_size.is_some() || settings.max_age.is_some();
        if rotates && settings.mode == Mode::Replace {
            return Err("`max_size` and `max_age` are for `mode: append`".into());
        }
        if settings.max_size.is_some_and(|size| size.0 == 0) {
            return Err("`max_size: 0` has no room for a payload".into());
        }
        let path = PathTemplate::new(settings.path)?;
        path.check(settings.mode == Mode::Replace)?;
        Ok(FileOut {
            path,
            mode: settings.mode,
            files: Rolling {
                max_size: settings.max_size.map(|size| size.0 as u64),
                max_age: settings.max_age.map(|age| age.0),
                keep: settings.keep,
                sync: settings.sync,
            },
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            writing: None,
        })
    }
}
