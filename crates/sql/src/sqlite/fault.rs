//! What the errors of SQLite mean.

use std::path::Path;

use compysition_core::{Error, ErrorKind};
use rusqlite::Error as SqliteError;
use rusqlite::ffi::{self, ErrorCode};

use super::Fault;
use crate::statement::Statement;

/// Makes the event's error of that of a statement.
pub(super) fn fault(error: SqliteError, statement: &Statement) -> Fault {
    if let SqliteError::SqlInputError { msg, offset, .. } = &error {
        let place = usize::try_from(*offset)
            .ok()
            .map(|byte| statement.place(byte));
        let message = match place {
            Some(place) => format!("the statement is wrong at {place}: {msg}"),
            None => format!("the statement is wrong: {msg}"),
        };
        let made = Error::internal(message);
        return match place {
            Some(place) => place.mark(made),
            None => made,
        }
        .into();
    }
    let SqliteError::SqliteFailure(code, _) = &error else {
        return Error::internal(error.to_string()).into();
    };
    let kind = match kind(code) {
        Some(kind) => kind,
        None => return Fault::TooSlow,
    };
    Error::new(kind, format!("the database refuses the statement: {error}")).into()
}

/// Returns the kind of an error; none if the statement was called off.
fn kind(code: &ffi::Error) -> Option<ErrorKind> {
    Some(match (code.code, code.extended_code) {
        (ErrorCode::OperationInterrupted, _) => return None,
        (
            ErrorCode::ConstraintViolation,
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID,
        ) => ErrorKind::Conflict,
        (ErrorCode::ConstraintViolation, ffi::SQLITE_CONSTRAINT_DATATYPE) => ErrorKind::Malformed,
        (ErrorCode::ConstraintViolation, _) => ErrorKind::Unprocessable,
        (ErrorCode::TypeMismatch | ErrorCode::TooBig, _) => ErrorKind::Malformed,
        // Another has written for as long as we waited.
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => ErrorKind::Timeout,
        (ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::DiskFull, _) => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Internal,
    })
}

/// Makes the error of a file that cannot be opened.
pub(super) fn of_file(error: SqliteError, path: &Path) -> Error {
    let kind = match &error {
        SqliteError::SqliteFailure(code, _) => kind(code).unwrap_or(ErrorKind::Timeout),
        _ => ErrorKind::Internal,
    };
    Error::new(
        kind,
        format!(
            "the database `{}` cannot be opened: {error}",
            path.display()
        ),
    )
}

/// Returns what is wrong with a statement in itself, whatever the database holds.
pub(super) fn mistake(error: SqliteError, statement: &Statement) -> Option<String> {
    let is_of_language = match &error {
        SqliteError::MultipleStatement => {
            return Some(
                "there are several statements in one text of `query`: write them as a list".into(),
            );
        }
        SqliteError::SqlInputError { msg, .. } => {
            ["syntax error", "incomplete input", "unrecognized token"]
                .iter()
                .any(|sign| msg.contains(sign))
        }
        _ => false,
    };
    match fault(error, statement) {
        Fault::Other(error) if is_of_language => Some(error.message().to_owned()),
        _ => None,
    }
}
