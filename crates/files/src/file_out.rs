//! Events in files.

use std::path::PathBuf;
use std::time::Duration;

use compysition_core::{
    Actor, ByteSize, Context, Error, Event, Ports, Result, Retained, Tick, TimeSpan,
};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file_path::PathTemplate;
use crate::lot::Lots;
use crate::rolling::Rolling;
use crate::writer::{Writer, unwritten};
use crate::writing::Writing;

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
    writer: Writer,
    waiting: Lots,
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
            writer: Writer::new(Rolling {
                max_size: None,
                max_age: None,
                keep: keep(),
                sync: false,
            }),
            waiting: Lots::new(),
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
        self.writer.files.max_size = Some(bytes as u64);
        self
    }

    /// Sets how many files that were put aside are kept.
    #[must_use]
    pub fn keep(mut self, files: u32) -> FileOut {
        self.writer.files.keep = files;
        self
    }

    async fn replace(&self, path: PathBuf, event: Event, ctx: &Context) -> Result {
        let (files, payload, file) = (
            self.writer.files.clone(),
            event.payload().clone(),
            path.clone(),
        );
        let write = move || Ok(files.replace(&file, payload.bytes()?));
        let written: Result<_> = ctx.blocking(write).await?;
        written?.map_err(|error| unwritten(&path, &error))?;
        ctx.send(event)
    }

    /// Writes all that waits, or begins to.
    fn begin(&mut self, ctx: &Context) -> Result {
        self.waiting_bytes = 0;
        let mut lots = std::mem::take(&mut self.waiting);
        lots.retain(|_, lot| !lot.bytes.is_empty());
        if !lots.is_empty() {
            self.writing = self.writer.write(lots, ctx)?;
        }
        Ok(())
    }

    /// Writes what waits if that is much, or else as soon as there is nothing else to take: one call writes what came
    /// together.
    async fn see_to_waiting(&mut self, is_first: bool, ctx: &Context) {
        if self.waiting_bytes >= AT_ONCE {
            let sent = self.finish(ctx).await;
            if let Err(error) = sent.and(self.begin(ctx)) {
                // It is about other events; the one at hand is on its way.
                tracing::warn!(
                    flow = ctx.flow(),
                    actor = ctx.actor(),
                    "what was written could not all be sent on: {error}"
                );
            }
        } else if is_first {
            ctx.wake_after(Duration::ZERO);
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
        // Before there is a lot for it, which else would stay empty.
        event.bytes()?;
        let is_first = self.waiting_bytes == 0;
        let lot = match self.waiting.get_mut(&*path) {
            Some(lot) => lot,
            None => {
                let path = path.into_owned();
                let lot = || self.writer.lot();
                self.waiting.entry(path).or_insert_with(lot)
            }
        };
        let before = lot.bytes.len();
        lot.put(&event)?;
        let more = lot.bytes.len() - before;
        match ctx.retain(event) {
            Ok(retained) => lot.keep(retained),
            Err(error) => {
                lot.bytes.truncate(before);
                return Err(error);
            }
        }
        self.waiting_bytes += more;
        self.see_to_waiting(is_first, ctx).await;
        Ok(())
    }

    fn takes_all(&self) -> bool {
        self.mode == Mode::Append && self.path.is_fixed()
    }

    async fn consume_all(&mut self, mut events: Retained, ctx: &Context) -> Result {
        let path = self.path.fixed();
        // Taken out meanwhile, so that bytes and events stay together if something panics.
        let lot = self.waiting.remove(&path);
        let mut lot = lot.unwrap_or_else(|| self.writer.lot());
        self.waiting_bytes -= lot.bytes.len();
        let is_first = lot.bytes.is_empty();
        events.keep_if_ok(|event| lot.put(event));
        lot.keep(events);
        self.waiting_bytes += lot.bytes.len();
        self.waiting.insert(path, lot);
        self.see_to_waiting(is_first, ctx).await;
        Ok(())
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        if why == Tick::Stopping {
            let sent = self.finish(ctx).await.and(self.begin(ctx));
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
        sent.and(self.begin(ctx))
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
            writer: Writer::new(Rolling {
                max_size: settings.max_size.map(|size| size.0 as u64),
                max_age: settings.max_age.map(|age| age.0),
                keep: settings.keep,
                sync: settings.sync,
            }),
            waiting: Lots::new(),
            waiting_bytes: 0,
            writing: None,
        })
    }
}
