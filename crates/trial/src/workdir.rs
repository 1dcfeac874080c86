//! The directory that a test has for itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A directory that goes away with its test.
pub(crate) struct Workdir(PathBuf);

impl Workdir {
    /// Makes an empty one.
    pub(crate) fn new() -> io::Result<Workdir> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Relaxed);
            let name = format!("compysition-test-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Workdir(path)),
                // Somebody of the same number left it behind.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, and the directories that it is in.
    pub(crate) fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)
    }

    /// Copies the files of a directory, but no directories.
    pub(crate) fn copy(&self, from: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            if entry.path().is_file() {
                std::fs::copy(entry.path(), self.0.join(entry.file_name()))?;
            }
        }
        Ok(())
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        // What is left among the system's temporary files harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
