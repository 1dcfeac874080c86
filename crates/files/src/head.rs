//! What a file begins with.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

/// How many bytes at the beginning of a file tell that it is another one.
const MOST: usize = 256;

/// The first bytes of a file, as far as it was read: the number of a file that was removed is given to another one, and
/// a file may be written over in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    bytes: Arc<[u8]>,
    /// Its number as the last run had it, while no more is known of it.
    print: Option<u64>,
}

impl Head {
    /// Stands for one that cannot be read yet, and had this number at the last run.
    pub(crate) fn unread(print: u64) -> Head {
        Head {
            print: Some(print),
            ..Head::default()
        }
    }

    /// Reads it, of what stands before `offset`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn read(path: &Path, offset: u64) -> io::Result<Head> {
        match offset {
            0 => Ok(Head::default()),
            _ => Head::read_from(&mut File::open(path)?, most(offset)),
        }
    }

    /// Returns it as the file has it, if nothing of it is known though it was read up to `offset`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn or_read(self, file: &mut File, offset: u64) -> io::Result<Head> {
        match self.bytes.is_empty() && offset > 0 {
            true => Head::read_from(file, most(offset)),
            false => Ok(self),
        }
    }

    fn read_from(file: &mut File, most: usize) -> io::Result<Head> {
        let mut bytes = Vec::with_capacity(most);
        file.seek(SeekFrom::Start(0))?;
        file.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }

    /// Takes in what was read of the file at a place, unless all that is wanted is known.
    pub(crate) fn grow(&mut self, at: u64, bytes: &[u8]) {
        let known = self.bytes.len();
        let (Ok(at), true) = (usize::try_from(at), known < MOST) else {
            return;
        };
        let end = bytes.len().min(MOST.saturating_sub(at));
        let begin = known.saturating_sub(at);
        if at <= known && begin < end {
            *self = [&*self.bytes, &bytes[begin..end]].concat().into();
        }
    }

    /// Returns whether a file, which may be read from anywhere after that, still begins so.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn begins(&self, file: &mut File) -> io::Result<bool> {
        Ok(self.bytes.is_empty() || Head::read_from(file, self.bytes.len())? == *self)
    }

    /// Returns a number that tells what stands before `offset` from other beginnings.
    pub(crate) fn print(&self, offset: u64) -> u64 {
        let known = most(offset).min(self.bytes.len());
        self.print.unwrap_or_else(|| xxh3_64(&self.bytes[..known]))
    }
}

impl From<Vec<u8>> for Head {
    fn from(bytes: Vec<u8>) -> Head {
        Head {
            bytes: bytes.into(),
            print: None,
        }
    }
}

fn most(offset: u64) -> usize {
    usize::try_from(offset).map_or(MOST, |offset| offset.min(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_the_first_bytes_of_a_file_however_they_come() {
        let file: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for step in [1, 7, 100, 256, 300, 1000] {
            let mut head = Head::default();
            for (part, bytes) in file.chunks(step).enumerate() {
                head.grow((part * step) as u64, bytes);
            }
            assert_eq!(*head.bytes, file[..MOST], "{step}");
            // What is read once more says nothing new.
            head.grow(0, &file);
            assert_eq!(*head.bytes, file[..MOST]);
        }
        let mut head = Head::from(file[..10].to_vec());
        head.grow(0, &file);
        assert_eq!(*head.bytes, file[..MOST]);
        assert_eq!(head.print(10), xxh3_64(&file[..10]));
        assert_eq!(head.print(1000), head.print(256));
    }
}
