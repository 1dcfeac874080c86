//! The records of one file.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;

use compysition_convert::{Codec, Decoder};
use compysition_core::{Context, Error, Payload, Result};
use tokio::sync::oneshot;

use crate::found::Identity;
use crate::head::Head;
use crate::part::{CHUNK, Known, Part};

pub(crate) use crate::part::Anew;

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
    /// What the file was like when that was read.
    like: Known,
}

/// Says what was read of a file.
pub(crate) enum Filled {
    /// Something; there may be more.
    Some,
    /// Nothing: it ends here, for now.
    End,
    /// Nothing: it is another one now, in the same place.
    Anew(Anew),
}

impl Records {
    /// Opens the file of this identity, which begins with `head`, to go on at an offset where a record begins; if it `goes_on`,
    /// behind damages too.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn open(
        (path, identity): (&Path, Identity),
        codec: &Codec,
        max_record: usize,
        (offset, head): (u64, Head),
        goes_on: bool,
    ) -> io::Result<Records> {
        let mut file = File::open(path)?;
        if Identity::of(path, &file.metadata()?) != identity {
            let message = "it was moved away, and another file is there now";
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        let head = head.or_read(&mut file, offset)?;
        // Other records can only be told with what stands before them, such as the names of columns.
        let begin = match is_lines(codec) {
            true => offset,
            false => 0,
        };
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
            like: Known {
                size: offset,
                modified: None,
                head,
            },
        })
    }

    /// Returns how far the file was read.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// Returns up to where records have been dealt with.
    pub(crate) fn known(&self) -> u64 {
        self.known
    }

    /// Returns what the file was like when it was read last.
    pub(crate) fn like(&self) -> &Known {
        &self.like
    }

    /// Reads more of the file.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) async fn fill(&mut self, ctx: &Context) -> Result<Filled> {
        let ahead = match self.ahead.take() {
            Some(ahead) => match ahead.await {
                Ok(part) => Some(part),
                Err(_) => return Err(Error::unavailable("the read was broken off")),
            },
            None => None,
        };
        let (at, like) = (self.read, self.like.clone());
        let part = match ahead {
            // The end that was seen then need not be that of now.
            Some(part) if matches!(part.read, Ok(0)) => {
                let read = move || Part::read(part.file, part.bytes, at, &like);
                ctx.blocking(read).await?
            }
            Some(part) => part,
            None => match self.file.take() {
                Some(file) => {
                    let bytes = std::mem::take(&mut self.spare);
                    let read = move || Part::read(file, bytes, at, &like);
                    ctx.blocking(read).await?
                }
                None => return Ok(Filled::End),
            },
        };
        let (read, anew) = match part.read {
            Ok(read) => (read, part.anew),
            Err(error) => {
                self.file = Some(part.file);
                return Err(error.into());
            }
        };
        if let Some(anew) = anew {
            self.file = Some(part.file);
            return Ok(Filled::Anew(anew));
        }
        (self.like.size, self.like.modified) = (part.size, part.modified);
        self.like.head.grow(at, &part.bytes[..read]);
        self.read += read as u64;
        match read == CHUNK {
            true => self.read_ahead(part.file, ctx),
            false => self.file = Some(part.file),
        }
        self.decoder.feed(&part.bytes[..read]);
        // Of many files that are waited at, none keeps a buffer.
        if read > 0 {
            self.spare = part.bytes;
        }
        Ok(match read {
            0 => Filled::End,
            _ => Filled::Some,
        })
    }

    /// Begins to read what comes next: there is more, as it seems.
    fn read_ahead(&mut self, file: File, ctx: &Context) {
        let (tell, ahead) = oneshot::channel();
        self.ahead = Some(ahead);
        let bytes = std::mem::take(&mut self.spare);
        let (at, like) = (self.read, self.like.clone());
        let read = move || {
            // Nobody asks for it if the file was let go of.
            let _ = tell.send(Part::read(file, bytes, at, &like));
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

    /// Has the next read fail.
    #[cfg(test)]
    pub(crate) fn spoil(&mut self, path: &Path) {
        self.file = File::options().append(true).open(path).ok();
    }

    /// Returns the bytes that were no record, or the first of them.
    pub(crate) fn take_refused(&mut self) -> Vec<u8> {
        self.decoder.take_refused()
    }
}

/// Returns whether a record begins after each line break, and can be read without those before it.
fn is_lines(codec: &Codec) -> bool {
    matches!(codec, Codec::Lines(_) | Codec::JsonLines)
}
