//! What went wrong in an expression, in words that name it.

use std::error::Error as _;
use std::fmt;

use crate::engine::STEPS;
use compysition_core::{Error, ErrorKind};
use minijinja::{Error as EngineError, ErrorKind as EngineErrorKind};

/// An error of ours on its way through the engine, which takes standard errors only.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) Error);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {}

/// Returns why an expression could not be evaluated. What is undefined is a fault of the event; the
/// kind of an error of ours is kept.
pub(crate) fn evaluation(source: &str, error: &EngineError) -> Error {
    if let Some(Fault(own)) = own_fault(error) {
        let error = Error::new(own.kind(), format!("cannot evaluate `{source}`: {own}"));
        return own.details().iter().fold(error, |error, (name, value)| {
            error.with_detail(name.clone(), value.clone())
        });
    }
    match error.kind() {
        EngineErrorKind::UndefinedError => undefined(source, error.detail()),
        // Its names and functions were checked; what is left is that a value is not of the type it needs.
        EngineErrorKind::InvalidOperation => Error::new(
            ErrorKind::Unprocessable,
            format!("cannot evaluate `{source}`: {}", reason(error)),
        ),
        EngineErrorKind::OutOfFuel => Error::exceeded(format!(
            "cannot evaluate `{source}`: it takes more than {STEPS} steps"
        )),
        _ => Error::internal(format!("cannot evaluate `{source}`: {}", reason(error))),
    }
}

/// Returns that an expression leads to nothing; `detail` names what is undefined in it.
pub(crate) fn undefined(source: &str, detail: Option<&str>) -> Error {
    let detail = detail.unwrap_or("it is undefined");
    let message = format!("cannot evaluate `{source}`: {detail} for this event");
    Error::new(ErrorKind::Unprocessable, message)
}

/// Returns why an expression could not be compiled.
pub(crate) fn compilation(what: &str, source: &str, error: &EngineError) -> Error {
    Error::internal(format!(
        "the {what} `{source}` is not valid: {}",
        reason(error)
    ))
}

fn own_fault(error: &EngineError) -> Option<&Fault> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(fault) = error.downcast_ref() {
            return Some(fault);
        }
        cause = error.source();
    }
    None
}

fn reason(error: &EngineError) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    }
}
