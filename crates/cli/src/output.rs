//! What is written for people. Whoever reads it may have gone; that is no error.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};

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

/// Returns whether standard output is a terminal.
pub(crate) fn is_read_by_people() -> bool {
    stdout().is_terminal()
}

/// Returns how wide lines are: as wide as the shell says that the terminal is, or 100.
pub(crate) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns.and_then(|columns| columns.parse().ok());
    columns.unwrap_or(100).max(40)
}
