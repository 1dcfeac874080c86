//! Which error is which status.

use compysition::http::status::status_of;
use compysition::{Error, ErrorKind};

/// The original's exceptions, by their kinds here, and what they were answered with.
const STATUSES: &[(&str, u16)] = &[
    ("not_modified", 304),
    ("malformed", 400),
    ("unauthorized", 401),
    ("forbidden", 403),
    ("not_found", 404),
    ("not_allowed", 405),
    // The original's 408 would blame the client for what took too long in the flow.
    ("timeout", 504),
    ("conflict", 409),
    ("gone", 410),
    ("unprocessable", 422),
    ("rate_exceeded", 429),
    ("unavailable", 503),
    ("internal", 500),
    ("panicked", 500),
];

#[test]
fn each_kind_has_its_status() {
    for (kind, status) in STATUSES {
        let error = Error::new(kind.parse::<ErrorKind>().unwrap(), "x");
        assert_eq!(status_of(&error).as_u16(), *status, "{kind}");
    }
}
