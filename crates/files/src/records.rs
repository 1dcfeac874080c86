//! The records of one file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use compysition_convert::{Codec, Decoder};
use compysition_core::{Context, Error, Payload, Result};
use tokio::sync::oneshot;

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// How many lines are taken together, of those that were read at once.
const LINES: usize = 1024;

/// Reads a file record by record.
pub(crate) struct Records {
    /// Away while something is read.
    file: Option<File>,
    /// What is being read while the records before it are dealt with.
    ahead: Option<oneshot::Receiver<Part>>,
    decoder: Decoder,
    /// Lines that were taken together, and where each ends.
    lines: VecDeque<(Payload, u64)>,
    /// A buffer to read into.
    spare: Vec<u8>,
    /// How far the file was read.
    read: u64,
    /// Up to where records have been dealt with.
    known: u64,
    /// When the file was last changed, seen from its end.
    modified: Option<SystemTime>,
}

impl Records {
    /// Opens a file to go on at an offset, where a record begins; if it `goes_on`, behind damages too.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn open(
        path: &Path,
        codec: &Codec,
        max_record: usize,
        offset: u64,
        goes_on: bool,
    ) -> io::Result<Records> {
        let mut file = File::open(path)?;
        // Other records can only be told with what stands before them, such as the names of columns.
        let begin = match is_lines(codec) {
            true => offset,
            false => 0,
        };
        file.seek(SeekFrom::Start(begin))?;
        let decoder = codec.decoder(max_record);
        Ok(Records {
            file: Some(file),
            ahead: None,
            decoder: match goes_on || is_lines(codec) {
                true => decoder.resuming(),
                false => decoder,
            },
            lines: VecDeque::new(),
            spare: Vec::new(),
            read: begin,
            known: offset,
            modified: None,
        })
    }

    /// Returns how far the file was read.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// Returns when the file was last changed, when its end was seen.
    pub(crate) fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// Reads more of the file. Returns whether there was more.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) async fn fill(&mut self, ctx: &Context) -> Result<bool> {
        let ahead = match self.ahead.take() {
            Some(ahead) => match ahead.await {
                Ok(part) => Some(part),
                Err(_) => return Err(Error::unavailable("the read was broken off")),
            },
            None => None,
        };
        let part = match ahead {
            // The end that was seen then need not be that of now.
            Some(part) if matches!(part.read, Ok(0)) => {
                ctx.blocking(move || Part::read(part.file, part.bytes))
                    .await?
            }
            Some(part) => part,
            None => match self.file.take() {
                Some(file) => {
                    let bytes = std::mem::take(&mut self.spare);
                    ctx.blocking(move || Part::read(file, bytes)).await?
                }
                None => return Ok(false),
            },
        };
        self.modified = part.modified;
        let read = match part.read {
            Ok(read) => read,
            Err(error) => {
                self.file = Some(part.file);
                return Err(error.into());
            }
        };
        match read == CHUNK {
            true => self.read_ahead(part.file, ctx),
            false => self.file = Some(part.file),
        }
        self.read += read as u64;
        self.decoder.feed(&part.bytes[..read]);
        self.spare = part.bytes;
        Ok(read > 0)
    }

    /// Begins to read what comes next: there is more, as it seems.
    fn read_ahead(&mut self, file: File, ctx: &Context) {
        let (tell, ahead) = oneshot::channel();
        self.ahead = Some(ahead);
        let bytes = std::mem::take(&mut self.spare);
        let read = move || {
            // Nobody asks for it if the file was let go of.
            let _ = tell.send(Part::read(file, bytes));
        };
        drop(ctx.begin_blocking(read));
    }

    /// Takes note that nothing comes any more.
    pub(crate) fn end(&mut self) {
        self.decoder.end();
    }

    /// Returns the next record and where it ends, if it is all there.
    pub(crate) fn next(&mut self) -> Option<(Result<Payload>, u64)> {
        if let Some((line, end)) = self.lines.pop_front() {
            return Some((Ok(line), end));
        }
        loop {
            let record = self.decoder.next()?;
            let end = self.read - self.decoder.pending() as u64;
            // What is damaged ends where a record begins again, which is not known yet.
            let is_damage = self.decoder.is_lost() && end == self.known;
            if end > self.known || is_damage {
                self.known = end;
                return Some((record, end));
            }
        }
    }

    /// Takes some of the next records together, if they are lines that are all there, for [`next`](Records::next) to return
    /// them: that costs less than one by one.
    pub(crate) fn look_for_lines(&mut self) {
        if self.lines.is_empty() {
            let lines = &mut self.lines;
            let taken = self.decoder.take_each_line(LINES, |line, used| {
                lines.push_back((line.into(), used as u64));
            });
            if taken > 0 {
                // From the last one backwards: what was passed over before the first is not known.
                let mut end = self.read - self.decoder.pending() as u64;
                self.known = end;
                for (_, used) in lines.iter_mut().rev() {
                    let begin = end - *used;
                    *used = end;
                    end = begin;
                }
            }
        }
    }

    /// Returns the lines that were taken together, and where each ends.
    pub(crate) fn lines(&mut self) -> &mut VecDeque<(Payload, u64)> {
        &mut self.lines
    }

    /// Takes the next records at once, if they are lines that are all there: at most so many, and so many bytes. Appends
    /// them to a text, and returns how many there were and where they end.
    pub(crate) fn take_lines(
        &mut self,
        records: usize,
        bytes: usize,
        lines: &mut String,
    ) -> (usize, u64) {
        let taken = self.decoder.take_lines(records, bytes, lines);
        if taken > 0 {
            self.known = self.read - self.decoder.pending() as u64;
        }
        (taken, self.known)
    }

    /// Returns the bytes that were no record, or the first of them.
    pub(crate) fn take_refused(&mut self) -> Vec<u8> {
        self.decoder.take_refused()
    }
}

/// What was read at once.
struct Part {
    file: File,
    bytes: Vec<u8>,
    read: io::Result<usize>,
    modified: Option<SystemTime>,
}

impl Part {
    fn read(mut file: File, mut bytes: Vec<u8>) -> Part {
        // Before it is read: what is written later is seen to be.
        let modified = file.metadata().and_then(|known| known.modified()).ok();
        bytes.resize(CHUNK, 0);
        let read = file.read(&mut bytes);
        Part {
            file,
            bytes,
            read,
            modified,
        }
    }
}

/// Returns whether a record begins after each line break, and can be read without those before it.
fn is_lines(codec: &Codec) -> bool {
    matches!(codec, Codec::Lines(_) | Codec::JsonLines)
}
