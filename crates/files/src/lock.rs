//! Who alone works with a checkpoint.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use crate::rolling::{hidden, make_directory};

/// Keeps others from a checkpoint as long as it is there. The system frees it when the process ends, however that ends;
/// the file that it is on stays, and means nothing by itself.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Says why there is no lock.
#[derive(Debug)]
pub(crate) enum NoLock {
    /// Somebody else has it; who that is, if it is known.
    Taken(Option<u32>),
    /// The system has none, as on some file systems.
    Failed(io::Error),
}

impl Lock {
    /// Takes the lock of a checkpoint. It is on a file beside it: the checkpoint itself is replaced each time.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn of(checkpoint: &Path) -> Result<Lock, NoLock> {
        let open = || {
            make_directory(checkpoint)?;
            let mut options = File::options();
            // What is in it is that of another, before it is ours.
            let options = options.read(true).write(true).create(true).truncate(false);
            options.open(hidden(checkpoint, "lock"))
        };
        let mut file = open().map_err(NoLock::Failed)?;
        match file.try_lock() {
            Ok(()) => {
                // For who finds it taken, and no more than that.
                let _ = sign(&mut file);
                Ok(Lock { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = file.read_to_string(&mut text);
                Err(NoLock::Taken(
                    read.ok().and_then(|_| text.trim().parse().ok()),
                ))
            }
            Err(TryLockError::Error(error)) => Err(NoLock::Failed(error)),
        }
    }
}

/// Writes into the file whose it is.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}
