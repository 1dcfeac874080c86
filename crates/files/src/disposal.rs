//! What becomes of a file that was read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use compysition_core::FilePath;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Says what becomes of a file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposal {
    /// It stays where it is.
    #[default]
    Keep,
    /// It is removed.
    Delete,
    /// It is moved to this directory, under another name if there is one of its name already.
    Move(FilePath),
}

impl Disposal {
    /// Returns the directory that files are moved to.
    pub(crate) fn directory(&self) -> Option<&Path> {
        match self {
            Disposal::Move(directory) => Some(directory.as_path()),
            _ => None,
        }
    }

    /// Does that to a file.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub(crate) fn apply(&self, path: &Path) -> io::Result<()> {
        match self {
            Disposal::Keep => Ok(()),
            Disposal::Delete => fs::remove_file(path),
            Disposal::Move(directory) => {
                fs::create_dir_all(directory)?;
                move_to(path, directory.as_path())
            }
        }
    }
}

/// Moves a file to a directory, where it takes the first name that is free.
fn move_to(path: &Path, directory: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default();
    for number in 0..u32::MAX {
        let mut free = name.to_owned();
        if number > 0 {
            free.push(format!(".{number}"));
        }
        let target: PathBuf = directory.join(free);
        match place(path, &target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            placed => return placed,
        }
    }
    Err(io::Error::other("there are too many files of this name"))
}

/// Gives a file another name that nobody has. It is there with all of its content at once, and the old name is free at
/// once: who is told by either may begin.
fn place(path: &Path, target: &Path) -> io::Result<()> {
    match fs::hard_link(path, target) {
        Ok(()) => fs::remove_file(path).inspect_err(|_| {
            // The error of the move is the one to tell.
            let _ = fs::remove_file(target);
        }),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Another file system, or one without links.
        Err(_) => copy_to(path, target),
    }
}

/// Copies a file to a name that nobody has, and removes it.
fn copy_to(path: &Path, target: &Path) -> io::Result<()> {
    // Only who makes the name has it.
    let mut copy = fs::File::create_new(target)?;
    let copied = fs::File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut copy))
        .and_then(|_| copy.sync_data())
        .and_then(|()| fs::remove_file(path));
    if copied.is_err() {
        // The error of the move is the one to tell.
        let _ = fs::remove_file(target);
    }
    copied
}
