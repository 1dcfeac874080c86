//! The two ends of a link, named down to actors and ports.

use compysition_core::{BestEffort, ErrorKind, Node as Actor};

use crate::connect::MemberPort;

/// Where a link comes from.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) actor: Actor,
    pub(crate) outbox: Outbox,
    /// What the inbox is named at the other end, unless it is named there.
    pub(crate) label: String,
    /// What a line in a sub-flow says of this end.
    pub(crate) best_effort: Option<BestEffort>,
}

/// Where a link leads to.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) actor: Actor,
    /// The inbox, if it is named.
    pub(crate) inbox: Option<String>,
    /// What the outbox is named at the other end, unless it is named there.
    pub(crate) label: String,
    pub(crate) best_effort: Option<BestEffort>,
}

#[derive(Clone, PartialEq)]
pub(crate) enum Outbox {
    /// None named: the only one that the actor can have, or one named after where it leads to.
    Default,
    Named(String),
    Error,
    ErrorOf(ErrorKind),
}

impl Outbox {
    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Outbox::Error | Outbox::ErrorOf(_))
    }
}

impl Source {
    /// Makes the end of an actor, or of a sub-flow as if it were one, that the file calls by this name.
    pub(crate) fn of(actor: Actor, name: &str, port: &MemberPort) -> Source {
        let error = || format!("error_{name}");
        let (outbox, label) = match port {
            MemberPort::Default => (Outbox::Default, name.to_owned()),
            MemberPort::Named(port) => (Outbox::Named(port.clone()), port.clone()),
            MemberPort::Error => (Outbox::Error, error()),
            MemberPort::ErrorOf(kind) => (Outbox::ErrorOf(*kind), error()),
        };
        Source {
            actor,
            outbox,
            label,
            best_effort: None,
        }
    }

    /// Makes the end behind an outbox of a sub-flow, which a line in it leads to as if an actor stood there.
    pub(crate) fn outward(self, outbox: &str, line: &Option<BestEffort>) -> Source {
        let outbox = match self.outbox {
            Outbox::Default => Outbox::Named(outbox.to_owned()),
            named => named,
        };
        Source {
            outbox,
            best_effort: self.best_effort.or_else(|| line.clone()),
            ..self
        }
    }
}

impl Target {
    /// Makes the end of an actor that the file calls by this name.
    pub(crate) fn of(actor: Actor, name: &str, port: &MemberPort) -> Target {
        let inbox = match port {
            MemberPort::Named(port) => Some(port.clone()),
            _ => None,
        };
        Target {
            actor,
            inbox,
            label: name.to_owned(),
            best_effort: None,
        }
    }
    /// Makes the end behind an inbox of a sub-flow, which a line in it begins with as if an actor stood there.
    pub(crate) fn inward(self, inbox: &str, line: &Option<BestEffort>) -> Target {
        Target {
            inbox: self.inbox.or_else(|| Some(inbox.to_owned())),
            best_effort: line.clone().or(self.best_effort),
            ..self
        }
    }
}
