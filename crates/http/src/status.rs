//! The one table from kinds of errors to HTTP statuses, both ways.
//!
//! | kind | at the door | from a back-end |
//! |---|---|---|
//! | `not_modified` | 304 | 304 |
//! | `malformed` | 400 | 502 |
//! | `unauthorized` | 401 | 502 |
//! | `forbidden` | 403 | 502 |
//! | `not_found` | 404 | 502 |
//! | `not_allowed` | 405 | 502 |
//! | `not_acceptable` | 406 | 502 |
//! | `timeout` | 504 | 504 |
//! | `conflict` | 409 | 502 |
//! | `gone` | 410 | 502 |
//! | `too_large` | 413 | 502 |
//! | `unsupported_media` | 415 | 502 |
//! | `unprocessable` | 422 | 502 |
//! | `rate_exceeded` | 429 | 502 |
//! | `bad_gateway` | 502 | 502 |
//! | `unavailable` | 503 | 503 |
//! | any other | 500 | 502 |
//!
//! An error comes from a back-end if it has the detail `back_end`, as those of
//! [`HttpClient`](crate::HttpClient) have: the client of a door cannot help it if a back-end refuses our
//! credentials.

use compysition_core::{Error, ErrorKind};
use http::StatusCode;

/// The name of the detail that marks an error as a back-end's.
pub const BACK_END: &str = "back_end";

const STATUSES: &[(ErrorKind, StatusCode)] = &[
    (ErrorKind::NotModified, StatusCode::NOT_MODIFIED),
    (ErrorKind::Malformed, StatusCode::BAD_REQUEST),
    (ErrorKind::Unauthorized, StatusCode::UNAUTHORIZED),
    (ErrorKind::Forbidden, StatusCode::FORBIDDEN),
    (ErrorKind::NotFound, StatusCode::NOT_FOUND),
    (ErrorKind::NotAllowed, StatusCode::METHOD_NOT_ALLOWED),
    (ErrorKind::NotAcceptable, StatusCode::NOT_ACCEPTABLE),
    (ErrorKind::Timeout, StatusCode::GATEWAY_TIMEOUT),
    (ErrorKind::Conflict, StatusCode::CONFLICT),
    (ErrorKind::Gone, StatusCode::GONE),
    (ErrorKind::TooLarge, StatusCode::PAYLOAD_TOO_LARGE),
    (
        ErrorKind::UnsupportedMedia,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    ),
    (ErrorKind::Unprocessable, StatusCode::UNPROCESSABLE_ENTITY),
    (ErrorKind::RateExceeded, StatusCode::TOO_MANY_REQUESTS),
    (ErrorKind::BadGateway, StatusCode::BAD_GATEWAY),
    (ErrorKind::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
];

/// Returns the status that an error means to the client of a door.
pub fn status_of(error: &Error) -> StatusCode {
    let is_back_ends = error.detail(BACK_END).is_some();
    match error.kind() {
        ErrorKind::NotModified => StatusCode::NOT_MODIFIED,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ if is_back_ends => StatusCode::BAD_GATEWAY,
        kind => {
            let row = STATUSES.iter().find(|(own, _)| *own == kind);
            row.map_or(StatusCode::INTERNAL_SERVER_ERROR, |(_, status)| *status)
        }
    }
}

/// Returns the kind of error that a back-end's status means to a flow; none if it is a success.
pub fn kind_of(status: StatusCode) -> Option<ErrorKind> {
    if status.is_success() {
        return None;
    }
    let row = STATUSES.iter().find(|(_, own)| *own == status);
    Some(match row {
        Some((kind, _)) => *kind,
        None if status == StatusCode::REQUEST_TIMEOUT => ErrorKind::Timeout,
        None => ErrorKind::BadGateway,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_ends_refusal_is_not_the_clients_fault() {
        let own = Error::unauthorized("who are you");
        assert_eq!(status_of(&own), 401);
        assert_eq!(status_of(&own.with_detail(BACK_END, true)), 502);
        let late = Error::timeout("too late");
        assert_eq!(status_of(&late), 504);
        assert_eq!(status_of(&late.with_detail(BACK_END, true)), 504);
        let down = Error::unavailable("later").with_detail(BACK_END, true);
        assert_eq!(status_of(&down), 503);
        assert_eq!(status_of(&Error::internal("oops")), 500);
    }

    #[test]
    fn a_status_has_a_kind() {
        assert_eq!(kind_of(StatusCode::CREATED), None);
        assert_eq!(kind_of(StatusCode::NOT_FOUND), Some(ErrorKind::NotFound));
        assert_eq!(
            kind_of(StatusCode::GATEWAY_TIMEOUT),
            Some(ErrorKind::Timeout)
        );
        assert_eq!(
            kind_of(StatusCode::IM_A_TEAPOT),
            Some(ErrorKind::BadGateway)
        );
    }

    #[test]
    fn the_manual_shows_the_table() {
        let manual = include_str!("status.rs");
        for (kind, status) in STATUSES {
            let row = format!("//! | `{kind}` | {} |", status.as_u16());
            assert!(manual.contains(&row), "{row}");
        }
    }
}
