//! What connects the ports of a flow in the making.

use crate::ErrorKind;
use crate::best_effort::BestEffort;
use crate::ends::Node;
use crate::port::Port;

/// A connection of two ports, by the numbers of their actors.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) from: Node,
    pub(crate) outbox: Port,
    pub(crate) to: Node,
    pub(crate) inbox: Port,
    pub(crate) kind: LinkKind,
    pub(crate) best_effort: Option<BestEffort>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkKind {
    Plain,
    /// From the error outbox: of one kind, or all the rest.
    Error(Option<ErrorKind>),
    /// To the dead letters.
    LastResort,
}
