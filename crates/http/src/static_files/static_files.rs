//! The actor that answers with files.

use std::sync::Arc;

use compysition_core::{Actor, ByteSize, Context, Error, Event, FilePath, Result};
use http::HeaderValue;
use schemars::JsonSchema;
use serde::Deserialize;

use super::finding::Shelf;
use super::wish::Wish;

/// Answers requests with the files of a directory.
///
/// The path of the request, behind `prefix`, is that of the file below `dir`; the media type goes by the
/// ending of its name. A directory is its index file. No path leads out of the directory, nor does a symbolic link. What is
/// not there is `not_found`; methods but GET and HEAD are `not_allowed`.
///
/// Clients that have a file already are told so (304, by `etag` and `last-modified`), and may ask for a part
/// of it (206, or 416 if there is no such part); who asks for several parts at once gets the whole file. Files up to `whole` are the payload, which any actor behind may change, and
/// which the door may compress. Of larger ones, and of parts, the door sends one piece after the other: they are never in
/// memory, and there is no payload.
///
/// Example: `static_files: { dir: ".", prefix: /assets, cache: "max-age=3600" }`
///
/// Purpose: http.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct StaticFiles {
    pub(super) shelf: Arc<Shelf>,
    pub(super) cache: Option<String>,
    pub(super) whole: ByteSize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The directory of the files.
    dir: FilePath,
    /// What stands before a file's name in the path of a request, such as `/assets`; nothing if left out.
    #[serde(default)]
    prefix: String,
    /// The names of the files that stand for their directory, the first one that is there; none if empty.
    #[serde(default = "index")]
    index: Vec<String>,
    /// The header `cache-control` of the answers. If left out, clients ask each time whether a file has
    /// changed.
    cache: Option<String>,
    /// Whether files and directories can be had whose names begin with a dot.
    #[serde(default)]
    hidden: bool,
    /// The largest file that is read into the payload.
    #[serde(default = "whole", serialize_with = "crate::written::written")]
    whole: ByteSize,
}

fn index() -> Vec<String> {
    vec!["index.html".into()]
}

fn whole() -> ByteSize {
    ByteSize(256 * 1024)
}

impl TryFrom<Settings> for StaticFiles {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<StaticFiles> {
        let files = StaticFiles::of(settings.dir)?
            .prefix(settings.prefix)?
            .index(settings.index)?
            .hidden(settings.hidden)
            .whole(settings.whole.0);
        match settings.cache {
            Some(cache) => files.cache(cache),
            None => Ok(files),
        }
    }
}

impl StaticFiles {
    /// Makes the actor for the files of a directory.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn of(dir: impl Into<FilePath>) -> Result<StaticFiles> {
        let dir = dir.into();
        let path = dir.as_path();
        let unusable = |why: &dyn std::fmt::Display| {
            let path = path.display();
            Error::internal(format!("`{path}` cannot be the directory of files: {why}"))
        };
        let dir = path.canonicalize().map_err(|error| unusable(&error))?;
        if !dir.is_dir() {
            return Err(unusable(&"it is a file"));
        }
        let shelf = Shelf {
            dir,
            prefix: String::new(),
            index: index(),
            hidden: false,
        };
        Ok(StaticFiles {
            shelf: Arc::new(shelf),
            cache: None,
            whole: whole(),
        })
    }

    /// Sets what stands before a file's name in the path of a request; else nothing.
    ///
    /// # Errors
    /// If it does not begin with a slash.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Result<StaticFiles> {
        let prefix = prefix.into();
        if !prefix.is_empty() && !prefix.starts_with('/') {
            let message = format!("the prefix `{prefix}` does not begin with a slash");
            return Err(Error::internal(message));
        }
        prefix
            .trim_end_matches('/')
            .clone_into(&mut self.change().prefix);
        Ok(self)
    }

    /// Sets the names of the files that stand for their directory; else `index.html`.
    ///
    /// # Errors
    /// If one of them is no name.
    pub fn index<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<StaticFiles> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let is_path = |name: &&String| name.is_empty() || name.contains(['/', '\\', '\0']);
        if let Some(name) = names.iter().find(is_path) {
            let message = format!("`{name}` cannot be an index: it is no name of a file");
            return Err(Error::internal(message));
        }
        self.change().index = names;
        Ok(self)
    }

    /// Sets the header `cache-control` of the answers.
    ///
    /// # Errors
    /// If it cannot be a header.
    pub fn cache(mut self, cache: impl Into<String>) -> Result<StaticFiles> {
        let cache = cache.into();
        HeaderValue::from_str(&cache)
            .map_err(|_| Error::internal(format!("`{cache:?}` cannot be a header")))?;
        self.cache = Some(cache);
        Ok(self)
    }

    /// Says whether files can be had whose names begin with a dot; by default they cannot.
    #[must_use]
    pub fn hidden(mut self, are: bool) -> StaticFiles {
        self.change().hidden = are;
        self
    }

    /// Sets the size of the largest file that is read into the payload; else 256 KiB.
    #[must_use]
    pub fn whole(mut self, bytes: usize) -> StaticFiles {
        self.whole = ByteSize(bytes);
        self
    }

    fn change(&mut self) -> &mut Shelf {
        Arc::make_mut(&mut self.shelf)
    }
}

impl Actor for StaticFiles {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let wish = Wish::of(&event, self)?;
        // Disks take their time; the next request need not wait for it.
        ctx.spawn(event, move |event, ctx| async move {
            let found = ctx.blocking(move || wish.fulfil()).await??;
            ctx.send(found.put_into(event)?)
        });
        Ok(())
    }
}
