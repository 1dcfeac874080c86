//! How far files were read, across restarts.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::found::{Found, Identity};
use crate::head::Head;
use crate::rolling::Rolling;

/// What is known of files that were read, as it stands in the file of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) files: Vec<Place>,
}

/// How far one file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    identity: (u64, u64),
    /// What the file begins with, so that another one in its place is known as such.
    pub(crate) head: u64,
    /// Up to where all events have settled.
    pub(crate) offset: u64,
    /// Whether that is all of it.
    pub(crate) done: bool,
}

impl Place {
    pub(crate) fn new(
        path: &Path,
        identity: Identity,
        head: &Head,
        offset: u64,
        done: bool,
    ) -> Place {
        Place {
            path: path.to_owned(),
            identity: (identity.0, identity.1),
            head: head.print(offset),
            offset,
            done,
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity(self.identity.0, self.identity.1)
    }

    /// Returns whether it is about this file, which begins so, as far as can be seen.
    pub(crate) fn is_of(&self, found: &Found, head: &Head) -> bool {
        self.identity() == found.identity
            && found.size >= self.offset
            && (head.print(self.offset) == self.head || self.is_headless())
    }

    /// Returns whether nothing is known of what the file begins with: it could not be opened when older versions wrote this.
    fn is_headless(&self) -> bool {
        self.offset > 0 && [0, Head::default().print(0)].contains(&self.head)
    }
}

impl Checkpoint {
    /// Reads what was written; nothing if there is no such file.
    ///
    /// # Errors
    /// Why it cannot be read, or is no checkpoint, and what to do.
    pub(crate) fn load(path: &Path) -> Result<Option<Checkpoint>, String> {
        let shown = path.display();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("cannot read the checkpoint `{shown}`: {error}")),
        };
        let what = match serde_json::from_slice(&bytes) {
            Ok(checkpoint) => return Ok(Some(checkpoint)),
            // It is written beside and put in place when it is on the disk.
            Err(_) if bytes.is_empty() => {
                "it is empty, which `file_in` never leaves it; put a copy of it back".to_owned()
            }
            Err(error) => format!("{error}; put a copy of it back"),
        };
        Err(format!(
            "cannot read the checkpoint `{shown}`: {what}, or remove it to read all files anew"
        ))
    }

    /// Writes it, so that a reader finds all of it or what was there before.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        let files = Rolling {
            max_size: None,
            max_age: None,
            keep: 0,
            sync: true,
        };
        files.replace(path, &serde_json::to_vec(self)?)
    }
}
