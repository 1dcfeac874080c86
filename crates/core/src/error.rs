//! What went wrong with an event, for the next actor and for the client.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Map, Value};

pub use crate::error_kind::ErrorKind;
use crate::port::Port;
use crate::{Event, Timestamp};

/// The result of an actor's work.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// The detail of an error that would not have been the last, had the flow not stopped.
const CUT_SHORT: &str = "cut_short";

/// Says why an actor could not do its work: a kind, a message, and what caused it.
///
/// Any standard error becomes one of kind [`ErrorKind::Internal`] through `?`; for that reason this type
/// does not itself implement [`std::error::Error`]. Messages are lower case and end without a full stop.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<Source>,
    details: Map<String, Value>,
    event: Option<Event>,
}

macro_rules! constructors {
    ($($name:ident $kind:ident)*) => {$(
        #[doc = concat!("Makes an error of kind [`ErrorKind::", stringify!($kind), "`].")]
        pub fn $name(message: impl Into<Cow<'static, str>>) -> Error {
            Error::new(ErrorKind::$kind, message)
        }
    )*};
}

impl Error {
    /// Makes an error of the given kind.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            source: None,
            details: Map::new(),
            event: None,
        }))
    }

    constructors! {
        malformed Malformed
        unauthorized Unauthorized
        forbidden Forbidden
        not_found NotFound
        not_allowed NotAllowed
        conflict Conflict
        gone Gone
        unprocessable Unprocessable
        rate_exceeded RateExceeded
        timeout Timeout
        unavailable Unavailable
        bad_gateway BadGateway
        exceeded Exceeded
        internal Internal
    }

    /// Adds the error that caused this one.
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Adds a named detail, such as the line of a parser's complaint or the realm of a challenge.
    pub fn with_detail(mut self, name: impl Into<String>, value: impl Into<Value>) -> Error {
        self.0.details.insert(name.into(), value.into());
        self
    }

    /// Gives the event back with its error, as an actor does that says `KEEP_INPUT = false`.
    pub fn giving_back(mut self, event: Event) -> Error {
        self.0.event = Some(event);
        self
    }

    /// Marks it as one that would not have been the last, had the flow not stopped. The kind stays.
    #[must_use]
    pub fn cut_short(self) -> Error {
        self.with_detail(CUT_SHORT, true)
    }

    /// Returns whether the flow stopped while the event was under way, or while it could have been tried again. A source that can make
    /// such an event again should do so when it is started anew, if the event's outcome is [`Failed`](crate::Outcome::Failed).
    pub fn is_cut_short(&self) -> bool {
        self.detail(CUT_SHORT) == Some(&Value::Bool(true))
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns a detail by its name.
    pub fn detail(&self, name: &str) -> Option<&Value> {
        self.0.details.get(name)
    }

    /// Returns all details.
    pub fn details(&self) -> &Map<String, Value> {
        &self.0.details
    }

    /// Returns the error that caused this one.
    pub fn source(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    pub(crate) fn take_event(&mut self) -> Option<Event> {
        self.0.event.take()
    }
}

impl<E> From<E> for Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    fn from(source: E) -> Error {
        Error::internal(source.to_string()).with_source(source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind, self.0.message)?;
        let mut cause = self.0.source.as_deref().and_then(|e| e.source());
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Marks an event that an actor could not handle: the error, whose it was, and how often it was tried.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// The name of the actor that failed.
    pub actor: Arc<str>,
    /// The inbox that the event had come by, if it failed while it was consumed.
    pub inbox: Option<Port>,
    /// How many times the actor tried, from 1.
    pub attempts: u32,
    /// When the actor first tried.
    pub since: SystemTime,
    /// When the last try failed.
    pub at: SystemTime,
    /// Whether the event is stored where it can be sent again.
    pub(crate) kept: bool,
}

impl Failure {
    /// Makes the failure of an actor that tried once, just now.
    pub fn new(error: Error, actor: Arc<str>) -> Failure {
        let now = SystemTime::now();
        Failure {
            error,
            actor,
            inbox: None,
            attempts: 1,
            since: now,
            at: now,
            kept: false,
        }
    }

    /// Makes the failure of an event that an actor has no task for any more.
    pub(crate) fn of_ended(actor: &Arc<str>) -> Failure {
        let error = Error::unavailable(format!("actor `{actor}` has ended"));
        Failure::new(error, actor.clone())
    }

    /// Returns the same failure of an event that is stored where it can be sent again.
    #[must_use]
    pub fn kept(mut self) -> Failure {
        self.kept = true;
        self
    }

    /// Returns whether the event is stored where it can be sent again.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Returns the failure as JSON: kind, message, actor, inbox, attempts, times and the error's details.
    pub fn to_value(&self) -> Value {
        let mut value = self.error.details().clone();
        value.insert("kind".into(), self.error.kind().as_str().into());
        value.insert("message".into(), self.error.message().into());
        value.insert("actor".into(), (*self.actor).into());
        if let Some(inbox) = &self.inbox {
            value.insert("inbox".into(), inbox.as_str().into());
        }
        value.insert("attempts".into(), self.attempts.into());
        value.insert("since".into(), Timestamp(self.since).to_string().into());
        value.insert("at".into(), Timestamp(self.at).to_string().into());
        Value::Object(value)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.actor, self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_standard_error_becomes_an_internal_one() {
        fn parse(text: &str) -> Result<u8> {
            Ok(text.parse::<u8>()?)
        }
        let error = parse("x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(error.message(), "invalid digit found in string");
        assert!(error.source().is_some());
    }
}
