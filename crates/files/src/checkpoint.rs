//! How far files were read, across restarts.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::found::{Found, Identity, head};
use crate::rolling::Rolling;

/// What is known of files that were read, as it stands in the file of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) files: Vec<Place>,
}

/// How far one file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    path: PathBuf,
    identity: (u64, u64),
    /// What the file begins with, so that another one in its place is known as such.
    head: u64,
    /// Up to where all events have settled.
    pub(crate) offset: u64,
    /// Whether that is all of it.
    pub(crate) done: bool,
}

impl Place {
    pub(crate) fn new(path: &Path, identity: Identity, offset: u64, done: bool) -> Place {
        Place {
            // Gone already, or not to be read any more: then nothing is found again either.
            head: head(path, offset).unwrap_or_default(),
            path: path.to_owned(),
            identity: (identity.0, identity.1),
            offset,
            done,
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity(self.identity.0, self.identity.1)
    }

    /// Returns whether it is about this file, as far as can be seen.
    pub(crate) fn is_of(&self, found: &Found) -> bool {
        self.identity() == found.identity
            && found.size >= self.offset
            && head(&found.path, self.offset).is_ok_and(|head| head == self.head)
    }
}

impl Checkpoint {
    /// Reads what was written; nothing if there is no such file.
    ///
    /// # Errors
    /// Why it cannot be read, or is no checkpoint.
    pub(crate) fn load(path: &Path) -> io::Result<Checkpoint> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Checkpoint::default()),
            Err(error) => Err(error),
        }
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

    /// Takes out what is known of a file.
    pub(crate) fn take(&mut self, found: &Found) -> Option<Place> {
        let place = self.files.iter().position(|place| place.is_of(found))?;
        Some(self.files.swap_remove(place))
    }
}
