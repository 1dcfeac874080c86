//! Waits until files change.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often files are looked at.
const GLANCE: Duration = Duration::from_millis(300);

/// Remembers when the files that tests depend on were changed last: those of tests and of flows, and those beside them.
pub struct Watch {
    directories: Vec<PathBuf>,
    last: Vec<(PathBuf, SystemTime)>,
}

impl Watch {
    /// Watches what lies in the directories of files, or below directories.
    pub fn new(paths: &[PathBuf]) -> Watch {
        let directory = |path: &PathBuf| match path.is_dir() {
            true => path.clone(),
            false => match path.parent() {
                Some(parent) if parent != Path::new("") => parent.to_owned(),
                _ => PathBuf::from("."),
            },
        };
        let directories: Vec<PathBuf> = paths.iter().map(directory).collect();
        let last = state(&directories);
        Watch { directories, last }
    }

    /// Returns whether something has changed since the last look.
    pub fn has_changed(&mut self) -> bool {
        let now = state(&self.directories);
        let has_changed = now != self.last;
        self.last = now;
        has_changed
    }

    /// Waits until something changes.
    #[allow(
        clippy::disallowed_methods,
        reason = "nobody tells of files, and no test waits so"
    )]
    pub fn wait(&mut self) {
        while !self.has_changed() {
            std::thread::sleep(GLANCE);
        }
    }
}

fn state(directories: &[PathBuf]) -> Vec<(PathBuf, SystemTime)> {
    let mut files = Vec::new();
    for directory in directories {
        walk(directory, &mut files);
    }
    files.sort();
    files
}

fn walk(directory: &Path, files: &mut Vec<(PathBuf, SystemTime)>) {
    // What has gone meanwhile is a change as well.
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, files);
        } else if let Ok(changed) = entry.metadata().and_then(|data| data.modified()) {
            files.push((path, changed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workdir::Workdir;

    #[test]
    fn a_new_file_is_a_change_and_nothing_is_none() {
        let files = Workdir::new().unwrap();
        let mut watch = Watch::new(&[files.path().to_owned()]);
        assert!(!watch.has_changed());
        files.write("below/a.yaml", "").unwrap();
        assert!(watch.has_changed());
        assert!(!watch.has_changed());
    }
}
