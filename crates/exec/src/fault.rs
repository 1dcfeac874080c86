//! How a process has ended, as an error.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use compysition_core::{Error, ErrorKind};

/// Returns the error of a process that was to work on an event.
pub(crate) fn of_exit(
    program: &str,
    status: ExitStatus,
    stderr: &str,
    kinds: &BTreeMap<i32, ErrorKind>,
) -> Error {
    let code = status.code();
    let kind = code.and_then(|code| kinds.get(&code));
    let kind = kind.copied().unwrap_or(ErrorKind::Internal);
    let error = Error::new(kind, format!("`{program}` {}", how(Some(status), stderr)));
    match code {
        Some(code) => error.with_detail("exit_code", code),
        None => error,
    }
}

/// Says how a process has ended, with what it said last.
pub(crate) fn how(status: Option<ExitStatus>, stderr: &str) -> String {
    let how = match status.map(|status| (status.code(), status.signal())) {
        Some((Some(code), _)) => format!("ended with code {code}"),
        Some((None, Some(signal))) => format!("was ended by signal {signal}"),
        _ => "has ended".to_owned(),
    };
    match stderr.is_empty() {
        true => how,
        false => format!("{how}: {stderr}"),
    }
}

pub(crate) fn too_slow(program: &str, timeout: compysition_core::TimeSpan) -> Error {
    Error::timeout(format!(
        "`{program}` took longer than {timeout} and was killed"
    ))
}

pub(crate) fn too_large(program: &str, most: usize) -> Error {
    Error::new(
        ErrorKind::BadGateway,
        format!("`{program}` wrote more than {most} bytes and was killed; see `max_output`"),
    )
}
