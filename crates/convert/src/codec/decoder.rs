//! Records out of bytes.

use std::borrow::Cow;

use compysition_core::{Error, ErrorKind, Payload, Result};

use crate::codec::{Codec, csv, form, json, lines, msgpack, xml};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How much is kept of what is no record.
const REFUSED: usize = 64 << 10;

/// Finds records in bytes that come a chunk at a time, keeping no more than one record.
///
/// ```
/// use compysition_convert::{Codec, Text};
///
/// let mut decoder = Codec::Lines(Text::default()).decoder(1024);
/// decoder.feed(b"one\ntw");
/// assert_eq!(decoder.next().unwrap()?.text()?, "one");
/// assert!(decoder.next().is_none(), "the rest is to come");
/// decoder.feed(b"o");
/// decoder.end();
/// assert_eq!(decoder.next().unwrap()?.text()?, "two");
/// assert!(decoder.next().is_none());
/// # Ok::<(), compysition_core::Error>(())
/// ```
///
/// An error is about one record. After it the next one is looked for, if it is known where that begins; else there are no
/// more, unless the decoder is to be [`resuming`](Decoder::resuming).
pub struct Decoder {
    framing: Box<dyn Framing>,
    buffer: Vec<u8>,
    /// Where in the buffer that begins which was not yet taken.
    start: usize,
    has_begun: bool,
    has_ended: bool,
    has_failed: bool,
    resumes: bool,
    /// How many bytes were passed over, while it is looked for where a record may begin.
    lost: Option<usize>,
    /// What was taken already of a record that goes on.
    torn: Vec<u8>,
    refused: Vec<u8>,
    records: u64,
    max_record: usize,
}

/// Finds one record after the other.
pub(crate) trait Framing: Send + Sync {
    /// Looks at the bytes that were not yet taken; `ended` tells that there will be no more. Called again with
    /// the same bytes and more, after [`Step::More`].
    fn next(&mut self, bytes: &[u8], ended: bool) -> Step;

    /// Takes the next records at once, if they stand there as lines one behind the other.
    fn several<'a>(&mut self, _bytes: &'a [u8], _most: Most) -> Option<Several<'a>> {
        None
    }

    /// Returns how many bytes of a record that goes on it keeps itself.
    fn kept(&self) -> usize {
        0
    }

    /// Forgets the record at hand, which is none. Returns whether it can tell where the next may begin.
    fn give_up(&mut self) -> bool {
        false
    }

    /// Looks for where a record may begin, behind one that was given up.
    fn resume(&self, bytes: &[u8]) -> Place {
        Place::Beyond(bytes.len())
    }

    /// Whether a byte order mark is no content.
    fn is_text(&self) -> bool {
        true
    }
}

/// What was found.
pub(crate) enum Step {
    /// No whole record.
    More,
    /// So many bytes that belong to no record, or to one that goes on.
    Skip(usize),
    /// A record of so many bytes.
    Record(usize, Payload),
    /// So many bytes that are no record. The next may be one.
    Bad(usize, Error),
    /// What nothing can follow.
    Fatal(Error),
}

/// How much is taken at once.
#[derive(Clone, Copy)]
pub(crate) struct Most {
    pub(crate) records: usize,
    /// Of text.
    pub(crate) bytes: usize,
    /// Of the bytes of a record.
    pub(crate) record: usize,
}

/// Records that were taken at once.
pub(crate) struct Several<'a> {
    pub(crate) records: usize,
    /// How many bytes they stood in.
    pub(crate) used: usize,
    /// Each with a line break behind it.
    pub(crate) text: Cow<'a, str>,
}

/// Where a record may begin.
pub(crate) enum Place {
    /// Here.
    At(usize),
    /// Not before this byte, as far as can be seen.
    Beyond(usize),
}

impl Decoder {
    pub(crate) fn new(codec: &Codec, max_record: usize) -> Decoder {
        let framing: Box<dyn Framing> = match codec {
            Codec::Text(text) => Box::new(lines::Whole(text.charset)),
            Codec::Lines(text) => Box::new(lines::Lines::new(text.charset)),
            Codec::Json(_) => Box::new(json::Values::default()),
            Codec::JsonLines => Box::new(json::JsonLines::default()),
            Codec::Csv(settings) => Box::new(csv::Rows::new(settings)),
            Codec::Form => Box::new(form::Form),
            Codec::MessagePack => Box::new(msgpack::Values::default()),
            Codec::Xml(elements) => Box::new(xml::Elements::new(elements)),
        };
        Decoder {
            framing,
            buffer: Vec::new(),
            start: 0,
            has_begun: false,
            has_ended: false,
            has_failed: false,
            resumes: false,
            lost: None,
            torn: Vec::new(),
            refused: Vec::new(),
            records: 0,
            max_record,
        }
    }

    /// Makes it go on behind what nothing can follow, and what is too large, at the next place that looks like the
    /// beginning of a record: that of a line, with JSON one that begins with a bracket or a brace, with XML an element of
    /// the name. With MessagePack nothing looks so.
    #[must_use]
    pub fn resuming(mut self) -> Decoder {
        self.resumes = true;
        self
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.has_failed {
            return;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next records at once, if they are lines of text that are all there, and appends them to a text with a line break behind
    /// each: at most so many, and so many bytes. Returns how many it took; after none, [`next`](Decoder::next) tells what there is.
    /// What it takes are the records that `next` would have returned, without the cost of each.
    pub fn take_lines(&mut self, records: usize, bytes: usize, lines: &mut String) -> usize {
        self.take_several(records, bytes, |text, _| lines.push_str(text))
    }

    /// Takes the next records at once as [`take_lines`](Decoder::take_lines) does, and calls `take` with the text of each, and the
    /// number of bytes that it stood in. Returns how many it took.
    pub fn take_each_line(&mut self, records: usize, mut take: impl FnMut(&str, usize)) -> usize {
        self.take_several(records, usize::MAX, |mut text, read| {
            let is_same = std::ptr::eq(text.as_bytes(), read);
            let mut start = 0;
            for end in memchr::memchr_iter(b'\n', read) {
                let used = end + 1 - start;
                let length = match is_same {
                    true => used - 1,
                    // In another character set, or without the CR before the LF, it has another length.
                    false => memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len()),
                };
                take(&text[..length], used);
                text = text.get(length + 1..).unwrap_or_default();
                start = end + 1;
            }
        })
    }

    /// Takes the next records at once, and calls `take` with their text and the bytes that they stood in.
    fn take_several(
        &mut self,
        records: usize,
        bytes: usize,
        take: impl FnOnce(&str, &[u8]),
    ) -> usize {
        if self.has_failed || !self.begin() || !self.find_again() {
            return 0;
        }
        let most = Most {
            records,
            bytes,
            record: self.max_record,
        };
        let read = &self.buffer[self.start..];
        let Some(several) = self.framing.several(read, most) else {
            return 0;
        };
        take(&several.text, &read[..several.used]);
        self.torn.clear();
        self.records += several.records as u64;
        self.start += several.used;
        several.records
    }

    /// Takes note that there are no more bytes.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Returns how many bytes were fed that belong to no record returned yet. A source that begins again where
    /// this many bytes are missing loses nothing.
    pub fn pending(&self) -> usize {
        let lost = self.lost.unwrap_or_default();
        self.buffer.len() - self.start + self.framing.kept() + lost
    }

    /// Returns whether it is looked for where a record may begin again, behind an error. What was passed over till then is
    /// pending.
    pub fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// Returns the bytes that the last error is about, at most 64 KiB, and forgets them.
    pub fn take_refused(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.refused)
    }

    /// Returns whether an error was such that no record can follow.
    pub fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Skips a byte order mark; returns whether it is known yet that there is one or none.
    fn begin(&mut self) -> bool {
        if self.has_begun || !self.framing.is_text() {
            return true;
        }
        let may_come = BYTE_ORDER_MARK.starts_with(&self.buffer[..self.buffer.len().min(3)]);
        if may_come && self.buffer.len() < 3 && !self.has_ended {
            return false;
        }
        if may_come && self.buffer.len() >= 3 {
            self.start = 3;
        }
        self.has_begun = true;
        true
    }

    fn fail(&mut self, error: Error) -> Error {
        let (kept, rest) = (self.framing.kept(), self.buffer.len() - self.start);
        if self.resumes && self.framing.give_up() {
            // Not again where it has failed.
            let first = rest.min(1);
            let end = match self.framing.resume(&self.buffer[self.start + first..]) {
                Place::At(next) => first + next,
                Place::Beyond(_) => rest,
            };
            self.refuse(end);
            self.start += first;
            self.lost = Some(kept + first);
        } else {
            self.refuse(rest);
            self.has_failed = true;
            self.buffer = Vec::new();
            self.start = 0;
        }
        self.number(error)
    }

    fn too_large(&self) -> Error {
        let max = self.max_record;
        Error::new(
            ErrorKind::TooLarge,
            format!("it is larger than {max} bytes"),
        )
    }

    /// Takes bytes, and notes what they are part of if that goes on.
    fn skip(&mut self, used: usize) {
        match self.framing.kept() {
            0 => self.torn.clear(),
            _ => {
                let room = REFUSED.saturating_sub(self.torn.len());
                let skipped = &self.buffer[self.start..][..used.min(room)];
                self.torn.extend_from_slice(skipped);
            }
        }
        self.start += used;
    }

    /// Keeps what is no record, for who wants to see it.
    fn refuse(&mut self, used: usize) {
        self.refused = std::mem::take(&mut self.torn);
        let room = REFUSED.saturating_sub(self.refused.len());
        let refused = &self.buffer[self.start..][..used.min(room)];
        self.refused.extend_from_slice(refused);
    }

    /// Passes over what is behind an error; returns whether a record may begin now.
    fn find_again(&mut self) -> bool {
        let Some(lost) = &mut self.lost else {
            return true;
        };
        match self.framing.resume(&self.buffer[self.start..]) {
            Place::At(used) => {
                self.start += used;
                self.lost = None;
                true
            }
            Place::Beyond(used) => {
                self.start += used;
                *lost += used;
                false
            }
        }
    }

    /// Says which record an error is about.
    fn number(&self, error: Error) -> Error {
        let number = self.records;
        let numbered = Error::new(error.kind(), format!("record {number}: {error}"));
        let details = error.details().iter();
        details
            .fold(numbered, |error, (name, value)| {
                error.with_detail(name.clone(), value.clone())
            })
            .with_detail("record", number)
    }
}

impl Iterator for Decoder {
    type Item = Result<Payload>;

    /// Returns the next record, or nothing if it is not all there yet.
    fn next(&mut self) -> Option<Result<Payload>> {
        if !self.begin() {
            return None;
        }
        loop {
            if self.has_failed || !self.find_again() {
                return None;
            }
            let bytes = &self.buffer[self.start..];
            let step = self.framing.next(bytes, self.has_ended);
            self.records += u64::from(!matches!(step, Step::More | Step::Skip(_)));
            match step {
                Step::Skip(used) if used > 0 => self.skip(used),
                Step::More | Step::Skip(_) => {
                    if self.pending() <= self.max_record {
                        return None;
                    }
                    self.records += 1;
                    return Some(Err(self.fail(self.too_large())));
                }
                Step::Record(used, _) if used > self.max_record => {
                    self.refuse(used);
                    self.start += used;
                    return Some(Err(self.number(self.too_large())));
                }
                Step::Record(used, record) => {
                    self.torn.clear();
                    self.start += used;
                    return Some(Ok(record));
                }
                Step::Bad(used, error) => {
                    self.refuse(used);
                    self.start += used;
                    return Some(Err(self.number(error)));
                }
                Step::Fatal(error) => return Some(Err(self.fail(error))),
            }
        }
    }
}
