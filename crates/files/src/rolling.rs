//! Files that are put aside when they are large or old.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use compysition_core::append_whole;

use crate::writable::takes_bytes;

/// Writes to files, and puts one aside when it is full: as `FILE.1`, the one before as `FILE.2`, and so on.
/// It keeps none open, so that a file may be moved or removed at any time.
#[derive(Clone, Debug)]
pub(crate) struct Rolling {
    pub(crate) max_size: Option<u64>,
    pub(crate) max_age: Option<Duration>,
    /// How many are kept beside the file that is written to.
    pub(crate) keep: u32,
    /// Whether bytes are on the disk before they count as written.
    pub(crate) sync: bool,
}

impl Rolling {
    /// Appends bytes to a file, all of them or none. A line that the end of a process or of the disk's room tore off is ended
    /// before.
    ///
    /// # Errors
    /// Why they cannot be written.
    pub(crate) fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = open(path)?;
        if self.is_full(&file, bytes.len())? {
            drop(file);
            self.rotate(path)?;
            file = open(path)?;
        }
        append_whole(&mut file, bytes)?;
        match self.sync {
            true => file.sync_data(),
            false => Ok(()),
        }
    }

    /// Makes bytes the whole content of a file. Who reads it sees all of the old content or all of the new.
    ///
    /// # Errors
    /// Why it cannot be written; the old content is still there.
    pub(crate) fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mode = match fs::metadata(path) {
            Ok(known) if !known.is_file() => return Err(no_file()),
            known => known.ok().map(|known| known.permissions()),
        };
        make_directory(path)?;
        let new = hidden(path, "new");
        let written = self
            .write_new(&new, bytes, mode)
            .and_then(|()| fs::rename(&new, path));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&new);
        }
        written
    }

    fn write_new(&self, path: &Path, bytes: &[u8], mode: Option<Permissions>) -> io::Result<()> {
        let mut file = File::create(path)?;
        // Whoever may not read the old content may not read the new either.
        if let Some(mode) = mode {
            file.set_permissions(mode)?;
        }
        file.write_all(bytes)?;
        match self.sync {
            true => file.sync_data(),
            false => Ok(()),
        }
    }

    fn is_full(&self, file: &File, more: usize) -> io::Result<bool> {
        if self.max_size.is_none() && self.max_age.is_none() {
            return Ok(false);
        }
        let known = file.metadata()?;
        if known.len() == 0 {
            return Ok(false);
        }
        let size = known.len().saturating_add(more as u64);
        if self.max_size.is_some_and(|max| size > max) {
            return Ok(true);
        }
        let Some(max_age) = self.max_age else {
            return Ok(false);
        };
        // A clock that was set back makes nothing old.
        let age = known.created()?.elapsed().unwrap_or_default();
        Ok(age >= max_age)
    }

    fn rotate(&self, path: &Path) -> io::Result<()> {
        if self.keep == 0 {
            return fs::remove_file(path).or_else(unless_gone);
        }
        let numbered = |number: u32| with_suffix(path, &format!(".{number}"));
        for number in (1..self.keep).rev() {
            fs::rename(numbered(number), numbered(number + 1)).or_else(unless_gone)?;
        }
        fs::rename(path, numbered(1)).or_else(unless_gone)
    }
}

fn open(path: &Path) -> io::Result<File> {
    // Looked at before: a pipe would let nobody open it before there is a reader.
    if fs::metadata(path).is_ok_and(|known| !takes_bytes(&known)) {
        return Err(no_file());
    }
    let open = || {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true).open(path)
    };
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_directory(path)?;
            open()
        }
        opened => opened,
    }
}

/// Makes the directory of a file, if there is none.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => fs::create_dir_all(directory),
        _ => Ok(()),
    }
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is no file")
}

/// Returns the name of something that belongs to a file, beside it, where no pattern finds it.
pub(crate) fn hidden(path: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    name.push(what);
    path.with_file_name(name)
}

/// Passes over that there is no file, or none any more: somebody else has moved it.
fn unless_gone(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
