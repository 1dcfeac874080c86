//! The store of what nobody saw to.

use std::path::PathBuf;

use compysition_core::{
    Actor, ByteSize, Context, Error, Event, FilePath, Ports, Result, more_than_nothing,
};
use schemars::JsonSchema;
use serde::de;
use serde::{Deserialize, Deserializer};

use crate::letter::Letter;
use crate::letter_file::LetterFile;
use crate::set_path::{Paths, SetPath};

/// Writes failed events to a file, one a line, with all that it takes to send them again; the command
/// `replay` does that.
///
/// It is made by a flow's own `dead_letters: PATH`, or `dead_letters: { path: PATH, … }` with the settings
/// below, and then gets each event whose error no connection and no `errors` actor takes, and each that ends
/// still marked with its error; connections may lead from it (`dead_letters -> alert`) and to it. The root of
/// what is written settles *kept*, after the line is in the file. What cannot be written is logged, and its
/// root settles failed.
///
/// When the file is full it becomes `PATH.1`, the next one `PATH.2` and so on; none is ever removed. They
/// hold what clients sent, so only their owner may read them.
///
/// Example: `dead_letters: { path: dead.jsonl, max_size: 10MB }`
///
/// Purpose: errors. Patterns: dead letter channel, message store.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetters {
    /// The file; directories on the way to it are made.
    #[serde(deserialize_with = "writable")]
    path: FilePath,
    /// How much a file grows to before the next one is begun.
    #[serde(default = "max_size")]
    #[serde(deserialize_with = "more_than_nothing")]
    max_size: ByteSize,
    /// Whether each letter is on the disk before its root settles, so that it survives a power failure and
    /// not only the end of the process. It takes as long as the disk does.
    #[serde(default)]
    sync: bool,
    /// What is written as `***`, by its path in the event, beside the credentials of HTTP requests. A field of a
    /// payload that is no JSON cannot be found, and stays.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    redact: Paths,
    /// Whether the credentials of HTTP requests are written as they are.
    #[serde(default)]
    keep_credentials: bool,
    #[serde(skip)]
    file: Option<LetterFile>,
}

/// Reads the path of a file that can be: what is known to be wrong with it is known before the start.
fn writable<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<FilePath, D::Error> {
    let file = FilePath::deserialize(from)?;
    let path = file.as_path();
    if path.is_dir() {
        let message = format!("`{}` is a directory; name a file in it", path.display());
        return Err(de::Error::custom(message));
    }
    let above = path.ancestors().skip(1).find(|above| above.exists());
    match above.filter(|above| !above.is_dir()) {
        Some(above) => Err(de::Error::custom(format!(
            "there can be no `{}`: `{}` is no directory",
            path.display(),
            above.display()
        ))),
        None => Ok(file),
    }
}

fn max_size() -> ByteSize {
    ByteSize(100 << 20)
}

const CREDENTIALS: [&str; 3] = [
    "http.headers.authorization",
    "http.headers.proxy-authorization",
    "http.headers.cookie",
];

impl DeadLetters {
    /// Makes a store in this file.
    pub fn at(path: impl Into<PathBuf>) -> DeadLetters {
        DeadLetters {
            path: FilePath::from(path.into()),
            max_size: max_size(),
            sync: false,
            redact: Paths::default(),
            keep_credentials: false,
            file: None,
        }
    }

    /// Names a path of what is written as `***`, beside the credentials of HTTP requests.
    ///
    /// # Errors
    /// If nothing that stands there can go.
    pub fn redact(mut self, path: &str) -> Result<DeadLetters> {
        let Paths(paths) = &mut self.redact;
        paths.push(path.parse::<SetPath>()?.removable()?);
        Ok(self)
    }

    fn line(&self, flow: &str, event: &Event) -> Result<String> {
        let credentials = CREDENTIALS.iter().filter(|_| !self.keep_credentials);
        let Paths(paths) = &self.redact;
        let paths = paths.iter().map(SetPath::as_str);
        let paths = paths.chain(credentials.copied());
        let known = |path: &&str| event.lookup(path).is_some();
        let mut hidden = paths.filter(known).peekable();
        if hidden.peek().is_none() {
            return Letter::of(flow, event)?.to_line();
        }
        let mut copy = event.clone();
        for path in hidden {
            copy.set_path(path, "***")?;
        }
        Letter::of(flow, &copy)?.to_line()
    }

    async fn store(&self, event: &Event, ctx: &Context) -> Result {
        let line = self.line(ctx.flow(), event)?;
        let Some(file) = self.file.clone() else {
            return Err(Error::internal("the dead letters were not started"));
        };
        let written = ctx.blocking(move || file.append(&line)).await?;
        written.map_err(|error| self.about(&error))
    }

    fn about(&self, error: &std::io::Error) -> Error {
        let path = self.path.as_path().display();
        Error::internal(format!(
            "cannot write to the dead letters `{path}`: {error}"
        ))
    }
}

impl Actor for DeadLetters {
    // What is written but cannot be sent on is kept all the same.
    const KEEP_INPUT: bool = false;

    async fn start(&mut self, ctx: &Context) -> Result {
        if self.max_size.0 == 0 {
            return Err(Error::internal("`max_size: 0` has no room for a letter"));
        }
        let path = self.path.as_path().to_owned();
        let (max_size, sync) = (self.max_size.0 as u64, self.sync);
        let prepare = move || LetterFile::prepare(&path, max_size, sync);
        let file = ctx.blocking(prepare).await?;
        self.file = Some(file.map_err(|error| self.about(&error))?);
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match self.store(&event, ctx).await {
            Ok(()) => ctx.send(event.kept()),
            Err(error) => Err(error.giving_back(event)),
        }
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().sink().single().writes();
        ports.works_on([self.path.as_path()])
    }
}
