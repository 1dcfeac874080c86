//! What a connection connects: actors, and ports of theirs.

use crate::port::Port;

/// An actor that was registered with a [`Director`](crate::Director).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    pub(crate) index: u32,
    pub(crate) tag: u32,
}

impl Node {
    /// Names an outbox or inbox of this actor.
    pub fn port(self, name: impl Into<Port>) -> End {
        End {
            node: self,
            port: Some(name.into()),
        }
    }
}

/// One end of a connection: an actor, and a port of it if one is named.
#[derive(Clone, Debug)]
pub struct End {
    pub(crate) node: Node,
    pub(crate) port: Option<Port>,
}

/// The ends that one call of [`Director::connect`](crate::Director::connect) connects: a [`Node`], an [`End`], a pair of a node and
/// the name of a port, or an array or vector of such.
pub struct Ends(pub(crate) Vec<End>);

impl From<Node> for Ends {
    fn from(node: Node) -> Ends {
        Ends(vec![End { node, port: None }])
    }
}

impl From<End> for Ends {
    fn from(end: End) -> Ends {
        Ends(vec![end])
    }
}

impl<P: Into<Port>> From<(Node, P)> for Ends {
    fn from((node, port): (Node, P)) -> Ends {
        Ends(vec![node.port(port)])
    }
}

impl<E: Into<Ends>, const N: usize> From<[E; N]> for Ends {
    fn from(ends: [E; N]) -> Ends {
        Ends(ends.into_iter().flat_map(|end| end.into().0).collect())
    }
}

impl<E: Into<Ends>> From<Vec<E>> for Ends {
    fn from(ends: Vec<E>) -> Ends {
        Ends(ends.into_iter().flat_map(|end| end.into().0).collect())
    }
}
