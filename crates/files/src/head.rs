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
pub(crate) struct Head(Arc<[u8]>);

impl Head {
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
        match self.0.is_empty() && offset > 0 {
            true => Head::read_from(file, most(offset)),
            false => Ok(self),
        }
    }

    fn read_from(file: &mut File, most: usize) -> io::Result<Head> {
        let mut bytes = Vec::with_capacity(most);
        file.seek(SeekFrom::Start(0))?;
        file.take(most as u64).read_to_end(&mut bytes)?;
        Ok(Head(bytes.into()))
    }

    /// Takes in what was read of the file at a place, unless all that is wanted is known.
    pub(crate) fn grow(&mut self, at: u64, bytes: &[u8]) {
        let known = self.0.len();
        let (Ok(at), true) = (usize::try_from(at), known < MOST) else {
            return;
        };
        let end = bytes.len().min(MOST.saturating_sub(at));
        let begin = known.saturating_sub(at);
        if at <= known && begin < end {
            self.0 = [&*self.0, &bytes[begin..end]].concat().into();
        }
    }

    /// Returns whether a file, which may be read from anywhere after that, still begins so.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn begins(&self, file: &mut File) -> io::Result<bool> {
        Ok(self.0.is_empty() || Head::read_from(file, self.0.len())? == *self)
    }

    /// Returns a number that tells what stands before `offset` from other beginnings.
    pub(crate) fn print(&self, offset: u64) -> u64 {
        xxh3_64(&self.0[..most(offset).min(self.0.len())])
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
            assert_eq!(*head.0, file[..MOST], "{step}");
            // What is read once more says nothing new.
            head.grow(0, &file);
            assert_eq!(*head.0, file[..MOST]);
        }
        let mut head = Head(file[..10].into());
        head.grow(0, &file);
        assert_eq!(*head.0, file[..MOST]);
        assert_eq!(head.print(10), xxh3_64(&file[..10]));
        assert_eq!(head.print(1000), head.print(256));
    }
}
