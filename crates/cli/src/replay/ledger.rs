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
    /// Opened with the first entry.
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

    /// Notes that a letter was sent.
    pub(crate) fn note(&mut self, key: &str) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let options = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&self.path);
                self.file.insert(options?)
            }
        };
        file.write_all(format!("{key}\n").as_bytes())
    }
}

/// Returns what a letter is known by in the list: an event may have died several times.
pub(crate) fn key(letter: &Letter) -> String {
    let at = letter.error_text("at").unwrap_or_default();
    format!("{} {at}", letter.id)
}
