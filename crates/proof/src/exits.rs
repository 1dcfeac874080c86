//! What may become of an event at an actor.

use std::fmt;

use compysition_core::{ErrorKind, Port, WiredErrors};
use serde::{Serialize, Serializer};

/// One of the things that an actor may do with an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// It sends a copy to every outbox, but those that are for others.
    All,
    /// It sends it to this outbox alone.
    To(Port),
    /// It ends it.
    Drop,
    /// It fails on it, by an error of this kind.
    Error(ErrorKind),
    /// It fails on it, by an error of a kind that has no link of its own.
    AnyError,
}

impl Exit {
    pub(crate) fn of_errors(errors: WiredErrors) -> Exit {
        match errors {
            WiredErrors::Rest => Exit::AnyError,
            WiredErrors::Kind(kind) => Exit::Error(kind),
        }
    }

    /// Returns whether the actor fails.
    pub fn is_error(&self) -> bool {
        matches!(self, Exit::Error(_) | Exit::AnyError)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::All => f.write_str("sent on"),
            Exit::To(port) => write!(f, "outbox `{port}`"),
            Exit::Drop => f.write_str("dropped"),
            Exit::Error(kind) => write!(f, "error `{kind}`"),
            Exit::AnyError => f.write_str("error"),
        }
    }
}

impl Serialize for Exit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How an event ends that is answered by no actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The actor drops it.
    Dropped,
    /// Nothing is connected that would take it further.
    Nowhere,
    /// It leaves by best-effort links alone, behind which nothing answers.
    BestEffort,
    /// It comes to a door that did not admit it.
    Stray,
    /// It failed, and nothing is connected for the error.
    Unconnected,
    /// It ends with the mark of an error that no actor took off.
    Marked,
    /// It failed once more on its way through the flow's actor for errors.
    FailedAgain,
    /// It goes round until it has passed as many links as an event may.
    Circles,
}

impl Ending {
    /// Returns whether nobody learns of it, so that the client is told only that there was no answer. Else the engine
    /// answers with the status of the error.
    pub fn is_silent(self) -> bool {
        use Ending::{BestEffort, Dropped, Nowhere, Stray};
        matches!(self, Dropped | Nowhere | BestEffort | Stray)
    }
}

/// An event at an actor, as far as it matters for what may become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) actor: usize,
    /// Whether it bears the mark of an error.
    pub(crate) marked: bool,
    /// Whether it came by the inbox of what never goes aside.
    pub(crate) straight: bool,
}

impl State {
    /// How many states each actor has.
    pub(crate) const EACH: usize = 4;

    pub(crate) fn index(self) -> usize {
        self.actor * State::EACH + usize::from(self.marked) * 2 + usize::from(self.straight)
    }

    pub(crate) fn of(index: usize) -> State {
        State {
            actor: index / State::EACH,
            marked: index & 2 != 0,
            straight: index & 1 != 0,
        }
    }
}

/// An exit with what it leads to: copies for some states at once, or an end.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) exit: Exit,
    pub(crate) hops: Vec<Hop>,
    /// How the event ends, if it goes nowhere.
    pub(crate) ending: Option<Ending>,
}

/// One copy's way to the next actor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    /// The number of the link, if somebody drew it.
    pub(crate) link: Option<usize>,
    /// The index of the state.
    pub(crate) to: usize,
}
