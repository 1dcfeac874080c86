//! The log: for people on a terminal, or a JSON object a line for machines.

use std::fmt;
use std::io::stderr;

use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::args::{Form, Level, Log};
use crate::panics;

/// Starts to log to standard error, and to say of each line which of several processes it is from. A program that logs in its
/// own way already goes on doing so.
pub(crate) fn start(log: &Log, speaker: Option<String>) {
    let common = tracing_subscriber::fmt()
        .with_writer(stderr)
        .with_max_level(level(log.log_level))
        .with_target(false)
        .log_internal_errors(false);
    let started = match (log.log, speaker) {
        (Form::Human, None) => set(common.finish()),
        (Form::Human, Some(speaker)) => set(common
            .map_event_format(|format| Spoken { format, speaker })
            .finish()),
        (Form::Json, speaker) => {
            let common = common
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false);
            match speaker {
                None => set(common.finish()),
                Some(speaker) => set(common
                    .map_event_format(|format| SpokenJson { format, speaker })
                    .finish()),
            }
        }
    };
    if started {
        panics::log_instead_of_printing();
    }
}

/// Writes before each line who has spoken.
struct Spoken<F> {
    format: F,
    speaker: String,
}

impl<S, N, F> FormatEvent<S, N> for Spoken<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "{:<8} | ", self.speaker)?;
        self.format.format_event(ctx, writer, event)
    }
}

/// Writes into each object who has spoken, as `node`.
struct SpokenJson<F> {
    format: F,
    speaker: String,
}

impl<S, N, F> FormatEvent<S, N> for SpokenJson<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.format
            .format_event(ctx, Writer::new(&mut line), event)?;
        let speaker = serde_json::Value::from(self.speaker.as_str());
        match line.strip_prefix('{') {
            Some(rest) => write!(writer, "{{\"node\":{speaker},{rest}"),
            None => writer.write_str(&line),
        }
    }
}

fn set(subscriber: impl Subscriber + Send + Sync) -> bool {
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
