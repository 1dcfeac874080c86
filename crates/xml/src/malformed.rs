//! What an error of the libraries means to an event.

use compysition_core::Error;

use crate::XmlError;

/// Makes the error that marks an event: malformed, with the position as details.
pub(crate) fn malformed(error: XmlError) -> Error {
    let mut marked = Error::malformed(error.to_string());
    if let Some(line) = error.line() {
        marked = marked.with_detail("line", line);
    }
    if let Some(column) = error.column() {
        marked = marked.with_detail("column", column);
    }
    if let Some(file) = error.file() {
        marked = marked.with_detail("stylesheet", file);
    }
    marked
}
