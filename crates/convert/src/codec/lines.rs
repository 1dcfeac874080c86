//! Texts: all of it, or line by line.

use std::borrow::Cow;

use compysition_core::{Error, Payload, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Charset;
use crate::codec::decoder::{Framing, Most, Place, Several, Step};

/// How text stands in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Text {
    /// The character set, such as `iso-8859-1` or `windows-1252`; `utf-8` by default.
    pub charset: Charset,
}

impl Text {
    /// Returns the same, if lines can be found in such text.
    pub(crate) fn with_lines(self) -> Result<Text> {
        self.charset.ending_lines()?;
        Ok(self)
    }
}

/// All of it is one text.
pub(crate) struct Whole(pub(crate) Charset);

impl Framing for Whole {
    fn next(&mut self, bytes: &[u8], ended: bool) -> Step {
        if !ended || bytes.is_empty() {
            return Step::More;
        }
        match self.0.decode(bytes) {
            Ok(text) => Step::Record(bytes.len(), text.into()),
            Err(error) => Step::Fatal(error),
        }
    }
}

/// Lines that end in LF or CR LF; the last may end with the bytes.
pub(crate) struct Lines {
    charset: Charset,
    finder: LineFinder,
    /// How many of the next lines are looked at one by one: among them is one that is no text.
    suspects: usize,
}

impl Lines {
    pub(crate) fn new(charset: Charset) -> Lines {
        Lines {
            charset,
            finder: LineFinder::default(),
            suspects: 0,
        }
    }
}

impl Framing for Lines {
    fn next(&mut self, bytes: &[u8], ended: bool) -> Step {
        let Some((line, used)) = self.finder.next(bytes, ended) else {
            return Step::More;
        };
        self.suspects = self.suspects.saturating_sub(1);
        match self.charset.decode(line) {
            Ok(text) => Step::Record(used, text.into()),
            Err(error) => Step::Bad(used, error),
        }
    }

    fn several<'a>(&mut self, read: &'a [u8], most: Most) -> Option<Several<'a>> {
        if self.suspects > 0 {
            return None;
        }
        // A character takes three bytes at most that took one in another character set.
        let bytes = match self.charset == Charset::UTF_8 {
            true => most.bytes,
            false => most.bytes / 3,
        };
        let (mut records, mut used) = (0, 0);
        for at in memchr::memchr_iter(b'\n', &read[self.finder.seen..]) {
            let end = self.finder.seen + at + 1;
            if records == most.records || end > bytes || end - used > most.record {
                break;
            }
            records += 1;
            used = end;
        }
        if records == 0 {
            return None;
        }
        let Ok(text) = self.charset.decode(&read[..used]) else {
            self.suspects = records;
            return None;
        };
        self.finder = LineFinder::default();
        let text = match memchr::memmem::find(text.as_bytes(), b"\r\n") {
            Some(_) => text.replace("\r\n", "\n").into(),
            None => text,
        };
        Some(Several {
            records,
            used,
            text,
        })
    }

    fn give_up(&mut self) -> bool {
        self.finder = LineFinder::default();
        true
    }

    fn resume(&self, bytes: &[u8]) -> Place {
        next_line(bytes)
    }
}

/// Returns where the next line begins.
pub(crate) fn next_line(bytes: &[u8]) -> Place {
    match memchr::memchr(b'\n', bytes) {
        Some(at) => Place::At(at + 1),
        None => Place::Beyond(bytes.len()),
    }
}

/// Finds the ends of lines, without looking twice at what comes a chunk at a time.
#[derive(Default)]
pub(crate) struct LineFinder {
    seen: usize,
}

impl LineFinder {
    /// Returns the line without its end, and its length with it.
    pub(crate) fn next<'a>(&mut self, bytes: &'a [u8], ended: bool) -> Option<(&'a [u8], usize)> {
        let (line, used) = match memchr::memchr(b'\n', &bytes[self.seen..]) {
            Some(at) => (&bytes[..self.seen + at], self.seen + at + 1),
            None if ended && !bytes.is_empty() => (bytes, bytes.len()),
            None => {
                self.seen = bytes.len();
                return None;
            }
        };
        self.seen = 0;
        Some((line.strip_suffix(b"\r").unwrap_or(line), used))
    }
}

/// Writes a record as a line.
pub(crate) fn encode_line(record: &Payload, charset: Charset) -> Result<Vec<u8>> {
    let text = plain(record)?;
    if text.contains(['\n', '\r']) {
        let message = "a text with a line break in it cannot be written as one line";
        return Err(Error::unprocessable(message));
    }
    let mut bytes = charset.encode(&text)?.into_owned();
    bytes.push(b'\n');
    Ok(bytes)
}

/// Returns the text of a record; JSON that is a text is that text.
pub(crate) fn plain(record: &Payload) -> Result<Cow<'_, str>> {
    if let Payload::Json(json) = record
        && let Some(text) = json.value()?.as_str()
    {
        return Ok(text.into());
    }
    record.text().map(Cow::Borrowed)
}
