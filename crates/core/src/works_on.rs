//! The files that an actor works on.

use std::path::{Path, PathBuf};

use crate::ports::Ports;

impl Ports {
    /// Works on these files, or on what is in these directories: it writes them, moves or removes them. A test
    /// leaves those alone that are not in a directory of its own.
    #[must_use]
    pub fn works_on<P: Into<PathBuf>>(mut self, paths: impl IntoIterator<Item = P>) -> Ports {
        self.works_on.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Returns the files and directories that it works on.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.works_on.iter().map(PathBuf::as_path)
    }
}
