//! What the errors of a server mean.

use std::error::Error as _;

use compysition_core::{Error, ErrorKind};
use tokio_postgres::Error as PostgresError;
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use crate::statement::Statement;

/// Makes the event's error of that of a statement.
pub(super) fn fault(error: PostgresError, statement: Option<&Statement>) -> Error {
    let Some(said) = error.as_db_error() else {
        // It speaks of the connection, or of bytes that are no value of their type.
        let kind = match is_of_connection(&error) {
            true => ErrorKind::Unavailable,
            false => ErrorKind::BadGateway,
        };
        return Error::new(
            kind,
            format!("the database server is lost: {}", reason(&error)),
        );
    };
    let kind = kind(said.code());
    let place = match (said.position(), statement) {
        (Some(ErrorPosition::Original(character)), Some(statement)) => {
            Some(statement.place_of_character(*character as usize))
        }
        _ => None,
    };
    let message = match place {
        Some(place) => format!("the statement is wrong at {place}: {}", said.message()),
        None => format!("the database refuses the statement: {}", said.message()),
    };
    let made = describe(Error::new(kind, message), said);
    match place {
        Some(place) => place.mark(made),
        None => made,
    }
}

/// Makes the error of a server that there is no connection to.
pub(super) fn unreachable(error: PostgresError, name: &str) -> Error {
    let Some(said) = error.as_db_error() else {
        let because = reason(&error);
        return match is_of_connection(&error) {
            true => Error::unavailable(format!(
                "the database server {name} cannot be reached: {because}"
            )),
            false => Error::bad_gateway(format!(
                "the database server {name} cannot be used: {because}"
            )),
        };
    };
    let kind = match kind(said.code()) {
        ErrorKind::Unavailable => ErrorKind::Unavailable,
        _ => ErrorKind::BadGateway,
    };
    let message = format!(
        "the database server {name} refuses the connection: {}",
        said.message()
    );
    describe(Error::new(kind, message), said)
}

/// Tells whether what was prepared does not fit the tables any more, or is gone.
pub(super) fn has_to_be_prepared_again(error: &PostgresError) -> bool {
    error.as_db_error().is_some_and(|said| {
        said.routine() == Some("RevalidateCachedQuery")
            || *said.code() == SqlState::INVALID_SQL_STATEMENT_NAME
    })
}

fn describe(error: Error, said: &DbError) -> Error {
    let error = error.with_detail("sqlstate", said.code().code());
    match said.constraint() {
        Some(constraint) => error.with_detail("constraint", constraint),
        None => error,
    }
}

fn kind(code: &SqlState) -> ErrorKind {
    if *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::EXCLUSION_VIOLATION {
        return ErrorKind::Conflict;
    }
    if *code == SqlState::QUERY_CANCELED {
        return ErrorKind::Timeout;
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return ErrorKind::Unavailable;
    }
    let class = code.code().get(..2).unwrap_or_default();
    match class {
        // Data that does not fit its type.
        "22" => ErrorKind::Malformed,
        // Other constraints, and what the user's own functions raise.
        "23" | "44" | "P0" => ErrorKind::Unprocessable,
        // The connection; the login.
        "08" => ErrorKind::Unavailable,
        "28" | "3D" => ErrorKind::BadGateway,
        // Given up for another's sake; no room; the server stops or starts; its disk.
        "40" | "53" | "57" | "58" => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}

/// Tells whether the peer is just not there: to try again may help.
fn is_of_connection(error: &PostgresError) -> bool {
    if error.is_closed() {
        return true;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            // rustls says so of a certificate.
            return error.kind() != std::io::ErrorKind::InvalidData;
        }
        cause = error.source();
    }
    false
}

fn reason(error: &PostgresError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
