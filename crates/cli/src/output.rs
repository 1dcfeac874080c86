//! What is written for people. Whoever reads it may have gone; that is no error.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

/// Writes to standard output.
pub(crate) fn say(text: impl Display) {
    let mut out = stdout().lock();
    // A closed pipe is a quiet end.
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// Writes to standard error.
pub(crate) fn complain(text: impl Display) {
    let mut out = stderr().lock();
    // There is nowhere else to say it.
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}
