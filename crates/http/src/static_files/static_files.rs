//! The actor that answers with files.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use compysition_core::{Actor, ByteSize, Context, Error, Event, FilePath, Payload, Result};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;

use super::conditions::{Conditions, Version};
use super::content_types;
use super::finding::{Place, Shelf};
use super::open_file::{FILE, OpenFile};
use super::range::{self, Wanted};
use crate::http_event::HttpEvent;
use crate::server::read_file;

/// Answers requests with the files of a directory.
///
/// The path of the request, behind `prefix`, is that of the file below `dir`; the media type goes by the
/// ending of its name. A directory is its index file. No path leads out of the directory, nor does a symbolic link. What is
/// not there is `not_found`; methods but GET and HEAD are `not_allowed`.
///
/// Clients that have a file already are told so (304, by `etag` and `last-modified`), and may ask for a part
/// of it (206, or 416 if there is no such part). Files up to `whole` are the payload, which any actor behind may change, and
/// which the door may compress. Of larger ones, and of parts, the door sends one piece after the other: they are never in
/// memory, and there is no payload.
///
/// Example: `static_files: { dir: ".", prefix: /assets, cache: "max-age=3600" }`
///
/// Purpose: http. Patterns: claim check.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct StaticFiles {
    shelf: Arc<Shelf>,
    cache: Option<String>,
    whole: ByteSize,
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

/// What a request asks for.
struct Wish {
    shelf: Arc<Shelf>,
    whole: u64,
    cache: Option<String>,
    path: String,
    query: String,
    range: Option<String>,
    conditions: Conditions,
}

/// What is there for a request.
struct Fulfilled {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    content: Content,
}

enum Content {
    Payload(Payload),
    File(OpenFile),
}

impl Wish {
    fn of(event: &Event, files: &StaticFiles) -> Result<Wish> {
        let http = event.http();
        let (Some(method), Some(path)) = (http.method(), http.path()) else {
            return Err(Error::internal(
                "the event is of no HTTP request, so it has no path",
            ));
        };
        if ![Method::GET, Method::HEAD].contains(&method) {
            let message = format!("{method} is not allowed here");
            return Err(Error::not_allowed(message).with_detail("allow", "GET, HEAD"));
        }
        let range = http.header(header::RANGE.as_str());
        Ok(Wish {
            shelf: files.shelf.clone(),
            whole: files.whole.0 as u64,
            cache: files.cache.clone(),
            path: path.clone().into_owned(),
            query: query_of(event),
            range: range
                .filter(|_| method == Method::GET)
                .map(|range| range.into_owned()),
            conditions: Conditions::of(event),
        })
    }

    /// Finds the file, and reads it if it is small.
    fn fulfil(self) -> Result<Fulfilled> {
        let (path, file, metadata) = match self.shelf.open(&self.path)? {
            Place::File(path, file, metadata) => (path, file, metadata),
            Place::Directory => return Ok(self.redirect()),
        };
        let version = Version::of(&metadata);
        let length = metadata.len();
        let mut headers = vec![
            (header::ETAG, version.tag.clone()),
            (header::LAST_MODIFIED, version.date()),
        ];
        headers.extend(self.cache.map(|cache| (header::CACHE_CONTROL, cache)));
        if self.conditions.have(&version) {
            return Ok(Fulfilled::empty(StatusCode::NOT_MODIFIED, headers));
        }
        headers.push((header::ACCEPT_RANGES, "bytes".into()));
        let range = self.range.filter(|_| self.conditions.fit(&version));
        let (status, part) = match range::parse(range.as_deref(), length) {
            Wanted::All => (StatusCode::OK, 0..length),
            Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
            Wanted::Nothing => return Ok(Fulfilled::no_such_part(length)),
        };
        if status == StatusCode::PARTIAL_CONTENT {
            let (first, last) = (part.start, part.end - 1);
            headers.push((
                header::CONTENT_RANGE,
                format!("bytes {first}-{last}/{length}"),
            ));
        }
        headers.push((header::CONTENT_TYPE, content_type(&path).to_owned()));
        // Browsers must not guess that something else is a script.
        headers.push((header::X_CONTENT_TYPE_OPTIONS, "nosniff".into()));
        let is_whole = part == (0..length) && length <= self.whole;
        let file = Arc::new(Mutex::new(file));
        Ok(Fulfilled {
            status,
            headers,
            content: content(file, part, is_whole)?,
        })
    }

    /// Leads to the same path with a slash at its end.
    fn redirect(&self) -> Fulfilled {
        // There is a directory of this path, so that it does not begin with two slashes, as other hosts do.
        let location = format!("{}/{}", self.path, self.query);
        let headers = vec![(header::LOCATION, location)];
        Fulfilled::empty(StatusCode::MOVED_PERMANENTLY, headers)
    }
}

impl Fulfilled {
    fn empty(status: StatusCode, headers: Vec<(HeaderName, String)>) -> Fulfilled {
        Fulfilled {
            status,
            headers,
            content: Content::Payload(Payload::Empty),
        }
    }

    fn no_such_part(length: u64) -> Fulfilled {
        let headers = vec![(header::CONTENT_RANGE, format!("bytes */{length}"))];
        Fulfilled {
            content: Content::Payload(format!("the file has {length} bytes\n").into()),
            ..Fulfilled::empty(StatusCode::RANGE_NOT_SATISFIABLE, headers)
        }
    }

    fn put_into(self, mut event: Event) -> Result<Event> {
        event.set_status(self.status);
        for (name, value) in self.headers {
            event.set_response_header(name.as_str(), &value)?;
        }
        Ok(match self.content {
            Content::Payload(payload) => event.with(payload),
            Content::File(file) => {
                let mut event = event.with(Payload::Empty);
                event.set_extension(FILE, Arc::new(file));
                event
            }
        })
    }
}

fn content(file: Arc<Mutex<std::fs::File>>, part: Range<u64>, is_whole: bool) -> Result<Content> {
    if !is_whole {
        return Ok(Content::File(OpenFile { file, range: part }));
    }
    let bytes = read_file(&file, part)
        .map_err(|error| Error::internal("the file cannot be read").with_source(error))?;
    Ok(Content::Payload(bytes.as_ref().into()))
}

fn content_type(path: &Path) -> &'static str {
    let ending = path.extension().and_then(|ending| ending.to_str());
    content_types::of_ending(ending.unwrap_or_default())
}

/// Returns the query of a request with its question mark, as far as it is known as it was sent.
fn query_of(event: &Event) -> String {
    let exchange = event.extension::<crate::exchange::Exchange>(crate::exchange::HTTP);
    let query = exchange.and_then(|exchange| exchange.request.uri.query());
    query.map_or_else(String::new, |query| format!("?{query}"))
}
