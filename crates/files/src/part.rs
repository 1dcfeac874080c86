//! A part of a file that is read at once.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::SystemTime;

use crate::head::Head;

/// How much is read at once.
pub(crate) const CHUNK: usize = 256 << 10;

/// How much is read at once of a file that is small, as it seems.
const LITTLE: usize = 4 << 10;

/// What a file was like when it was read.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
    pub(crate) head: Head,
}

/// Says why a file is to be read from its beginning again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anew {
    /// It ends before the place up to which it was read.
    Cut,
    /// It begins with something else.
    WrittenOver,
}

/// What was read at once.
pub(crate) struct Part {
    pub(crate) file: File,
    pub(crate) bytes: Vec<u8>,
    /// How much of the bytes it is.
    pub(crate) read: io::Result<usize>,
    /// Why it is not what comes next in the file as it was known.
    pub(crate) anew: Option<Anew>,
    /// How large the file was, and when it was last changed, before it was read: what is written later is seen to be.
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
}

impl Part {
    /// Reads what comes next at a place of a file that was like that before.
    pub(crate) fn read(mut file: File, mut bytes: Vec<u8>, at: u64, before: &Known) -> Part {
        let (size, modified) = match file.metadata() {
            Ok(known) => (known.len(), known.modified().ok()),
            Err(_) => (before.size, None),
        };
        // As much as there is, so that many small files take little.
        let room = usize::try_from(size.saturating_sub(at)).unwrap_or(CHUNK);
        let room = room.clamp(LITTLE, CHUNK);
        if bytes.len() < room {
            bytes = vec![0; room];
        }
        let read = file
            .seek(SeekFrom::Start(at))
            .and_then(|_| file.read(&mut bytes[..room]));
        // The clock of files is coarse; what goes on after a full part is not looked at each time.
        let has_changed = modified != before.modified || matches!(read, Ok(1..CHUNK));
        let anew = match () {
            // What has no size of its own, as in /proc, has not lost any.
            () if size < at && size < before.size => Some(Anew::Cut),
            // What cannot be read is told by the next read.
            () if has_changed && !before.head.begins(&mut file).unwrap_or(true) => {
                Some(Anew::WrittenOver)
            }
            () => None,
        };
        Part {
            file,
            bytes,
            read,
            anew,
            size,
            modified,
        }
    }
}
