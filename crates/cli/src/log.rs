//! The log: for people on a terminal, or a JSON object a line for machines.

use std::io::stderr;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;

use crate::args::{Form, Level, Log};
use crate::panics;

/// Starts to log to standard error. A program that logs in its own way already goes on doing so.
pub(crate) fn start(log: &Log) {
    let common = fmt()
        .with_writer(stderr)
        .with_max_level(level(log.log_level))
        .with_target(false)
        .log_internal_errors(false);
    let started = match log.log {
        Form::Human => set(common.finish()),
        Form::Json => set(common
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .finish()),
    };
    if started {
        panics::log_instead_of_printing();
    }
}

fn set(subscriber: impl tracing::Subscriber + Send + Sync) -> bool {
    tracing::subscriber::set_global_default(subscriber).is_ok()
}

fn level(level: Level) -> LevelFilter {
    match level {
        Level::Off => LevelFilter::OFF,
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}
