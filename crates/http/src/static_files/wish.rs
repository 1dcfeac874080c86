//! What a request asks for, and what there is for it.

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use compysition_core::{Error, Event, Payload, Result};
use http::{HeaderName, Method, StatusCode, header};
use parking_lot::Mutex;

use super::StaticFiles;
use super::conditions::{Conditions, Version};
use super::content_types;
use super::finding::{Place, Shelf};
use super::open_file::{FILE, OpenFile};
use super::range::{self, Wanted};
use crate::exchange::{Exchange, HTTP};
use crate::http_event::HttpEvent;
use crate::server::read_file;

/// What a request asks for.
pub(super) struct Wish {
    shelf: Arc<Shelf>,
    whole: u64,
    cache: Option<String>,
    path: String,
    query: String,
    range: Option<String>,
    conditions: Conditions,
}

/// What is there for a request.
pub(super) struct Fulfilled {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    content: Content,
}

enum Content {
    Payload(Payload),
    File(OpenFile),
}

impl Wish {
    /// Reads what a request asks for.
    ///
    /// # Errors
    /// Not allowed, if it is no GET or HEAD; internal, if it is no request.
    pub(super) fn of(event: &Event, files: &StaticFiles) -> Result<Wish> {
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
    ///
    /// # Errors
    /// Not found; internal, if the file cannot be read.
    pub(super) fn fulfil(self) -> Result<Fulfilled> {
        let (path, file) = match self.shelf.open(&self.path)? {
            Place::File(path, file) => (path, file),
            Place::Directory => return Ok(self.redirect()),
        };
        let metadata = file.metadata().map_err(unreadable)?;
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

    /// Makes the answer to a request of it.
    pub(super) fn put_into(self, mut event: Event) -> Result<Event> {
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

fn content(file: Arc<Mutex<File>>, part: Range<u64>, is_whole: bool) -> Result<Content> {
    if !is_whole {
        return Ok(Content::File(OpenFile { file, range: part }));
    }
    let bytes = read_file(&file, part).map_err(unreadable)?;
    Ok(Content::Payload(bytes.as_ref().into()))
}

fn unreadable(error: std::io::Error) -> Error {
    Error::internal("the file cannot be read").with_source(error)
}

fn content_type(path: &Path) -> &'static str {
    let ending = path.extension().and_then(|ending| ending.to_str());
    content_types::of_ending(ending.unwrap_or_default())
}

/// Returns the query of a request with its question mark, as far as it is known as it was sent.
fn query_of(event: &Event) -> String {
    let exchange = event.extension::<Exchange>(HTTP);
    let query = exchange.and_then(|exchange| exchange.request.uri.query());
    query.map_or_else(String::new, |query| format!("?{query}"))
}
