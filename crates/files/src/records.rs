//! The records of one file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use compysition_convert::{Codec, Decoder};
use compysition_core::{Context, Error, ErrorKind, Payload, Result};

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// Reads a file record by record.
pub(crate) struct Records {
    /// Away while something is read.
    file: Option<File>,
    codec: Codec,
    decoder: Decoder,
    max_record: usize,
    /// How far the file was read.
    read: u64,
    /// Up to where records have been dealt with.
    known: u64,
    /// Whether the rest of a line that was too large is passed over.
    is_skipping: bool,
}

impl Records {
    /// Opens a file to go on at an offset, where a record begins.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn open(
        path: &Path,
        codec: &Codec,
        max_record: usize,
        offset: u64,
    ) -> io::Result<Records> {
        let mut file = File::open(path)?;
        // Other records can only be told with what stands before them, such as the names of columns.
        let begin = match is_lines(codec) {
            true => offset,
            false => 0,
        };
        file.seek(SeekFrom::Start(begin))?;
        Ok(Records {
            file: Some(file),
            codec: codec.clone(),
            decoder: codec.decoder(max_record),
            max_record,
            read: begin,
            known: offset,
            is_skipping: false,
        })
    }

    /// Returns how far the file was read.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// Reads more of the file. Returns whether there was more.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) async fn fill(&mut self, ctx: &Context) -> Result<bool> {
        let Some(mut file) = self.file.take() else {
            return Ok(false);
        };
        let read = ctx.blocking(move || {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk);
            (file, chunk, read)
        });
        let (file, chunk, read) = read.await?;
        self.file = Some(file);
        let mut bytes = &chunk[..read?];
        self.read += bytes.len() as u64;
        let is_more = !bytes.is_empty();
        if self.is_skipping {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let skipped = end.map_or(bytes.len(), |end| end + 1);
            bytes = &bytes[skipped..];
            self.known += skipped as u64;
            self.is_skipping = end.is_none();
        }
        self.decoder.feed(bytes);
        Ok(is_more)
    }

    /// Takes note that nothing comes any more.
    pub(crate) fn end(&mut self) {
        self.decoder.end();
    }

    /// Returns the next record and where it ends, if it is all there.
    pub(crate) fn next(&mut self) -> Option<(Result<Payload>, u64)> {
        loop {
            let record = self.decoder.next()?;
            if let Err(error) = &record
                && error.kind() == ErrorKind::TooLarge
                && is_lines(&self.codec)
            {
                return Some((self.skip(), self.known));
            }
            let end = self.read - self.decoder.pending() as u64;
            if end > self.known {
                self.known = end;
                return Some((record, end));
            }
        }
    }

    /// Passes over a line that is too large.
    fn skip(&mut self) -> Result<Payload> {
        self.decoder = self.codec.decoder(self.max_record);
        self.is_skipping = true;
        self.read = self.known;
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(self.known))?;
        }
        Err(Error::new(
            ErrorKind::TooLarge,
            format!("a line is larger than {} bytes", self.max_record),
        ))
    }
}

/// Returns whether a record begins after each line break, and can be read without those before it.
fn is_lines(codec: &Codec) -> bool {
    matches!(codec, Codec::Lines(_) | Codec::JsonLines)
}
