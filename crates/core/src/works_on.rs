//! The files that an actor works on.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ports::Ports;

/// Says of a path whether an actor reads the file that is there.
#[derive(Clone)]
pub(crate) struct Reads(Arc<dyn Fn(&Path) -> bool + Send + Sync>);

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reads")
    }
}

impl Ports {
    /// Works on these files, or on what is in these directories: it writes them, moves or removes them. A test
    /// leaves those alone that are not in a directory of its own.
    #[must_use]
    pub fn works_on<P: Into<PathBuf>>(mut self, paths: impl IntoIterator<Item = P>) -> Ports {
        self.works_on.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Needs these files for itself, of those that it [works on](Ports::works_on): another actor that writes them would undo
    /// what this one has written. The check of a flow refuses two that need the same.
    #[must_use]
    pub fn owns<P: Into<PathBuf>>(mut self, paths: impl IntoIterator<Item = P>) -> Ports {
        self.owns.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Makes events of the files whose paths this says. The check of a flow warns of an actor that
    /// [works on](Ports::works_on) such a file and is given what was made of it.
    #[must_use]
    pub fn reads(mut self, is_read: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Ports {
        self.reads = Some(Reads(Arc::new(is_read)));
        self
    }

    /// Returns the files and directories that it works on.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.works_on.iter().map(PathBuf::as_path)
    }

    /// Returns the files that it needs for itself.
    pub fn own_files(&self) -> impl Iterator<Item = &Path> {
        self.owns.iter().map(PathBuf::as_path)
    }

    /// Returns whether it makes events of the file at this path.
    pub fn is_reading(&self, path: &Path) -> bool {
        let reads = self.reads.as_ref();
        reads.is_some_and(|Reads(is_read)| is_read(path))
    }
}
