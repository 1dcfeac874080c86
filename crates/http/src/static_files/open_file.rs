//! A file that the door sends.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use compysition_core::{Error, Event, Extension, Result};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// The name of the attribute.
pub(crate) const FILE: &str = "http_file";

/// A part of an open file, which the door sends as the body of an answer that has no payload.
pub(crate) struct OpenFile {
    pub(crate) file: Arc<Mutex<File>>,
    pub(crate) range: Range<u64>,
}

impl OpenFile {
    /// Returns the file that an answer is, if it is one.
    ///
    /// # Errors
    /// Internal, if the answer comes from another process, where the file is.
    pub(crate) fn of(event: &Event) -> Result<Option<&OpenFile>> {
        match event.extension::<OpenFile>(FILE) {
            Some(file) => Ok(Some(file)),
            None if event.attribute(FILE).is_none() => Ok(None),
            None => Err(Error::internal(
                "the answer is a file that is open in another process; place `static_files` where the door is, or raise its `whole`",
            )),
        }
    }
}

impl Extension for OpenFile {
    fn to_value(&self) -> Value {
        json!({ "start": self.range.start, "end": self.range.end })
    }
}
