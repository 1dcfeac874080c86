//! Which letters were sent before.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use compysition_actors::{Letter, replayed};

/// Lists beside a file of letters which of them were sent again, so that a second run goes on where the
/// first one ended.
pub(crate) struct Ledger {
    path: PathBuf,
    known: HashSet<String>,
    /// Open while letters are sent.
    file: Option<File>,
}

impl Ledger {
    /// Reads the list of a file of letters, if there is one.
    pub(crate) fn open(letters: &Path) -> io::Result<Ledger> {
        let path = replayed(letters);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        Ok(Ledger {
            path,
            known: text.lines().map(str::to_owned).collect(),
            file: None,
        })
    }

    /// Returns the letters that were sent before.
    pub(crate) fn known(&self) -> &HashSet<String> {
        &self.known
    }

    /// Opens the list for writing, before the first letter is sent: what could not be noted would be sent
    /// twice, and a file of letters that is full meanwhile takes its list along under another name.
    pub(crate) fn prepare(&mut self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        self.file = Some(options.create(true).append(true).open(&self.path)?);
        Ok(())
    }

    /// Notes that a letter was sent.
    pub(crate) fn note(&mut self, key: &str) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(format!("{key}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

/// Returns what a letter is known by in the list. Its event's id is not enough: an event may die several
/// times, and its copies each in another place at the same moment.
pub(crate) fn key(letter: &Letter, line: &[u8]) -> String {
    format!("{} {:016x}", letter.id, fnv_1a(line))
}

/// Returns a short number of a text, which is the same in all versions of the program
/// (Fowler, Noll and Vo, 1991).
fn fnv_1a(text: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    text.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_text_never_changes() {
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
