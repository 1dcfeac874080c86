//! What carries the links between the nodes of a flow, as far as flow files have to do with it.

use std::sync::Arc;

use compysition_nodes::Transport;

use crate::placed_node::PlacedNode;
use crate::placing::Placement;

/// Makes what carries the links between the nodes of a flow, and knows what their file has to say for that.
pub trait Links: Send + Sync {
    /// Returns what is wrong with what the file says of a node, and with the files that all nodes need.
    fn mistakes(&self, placement: &Placement, node: &PlacedNode) -> Vec<LinkMistake>;

    /// Makes what carries the links of one node to the others.
    ///
    /// # Errors
    /// What the node needs and does not have where this process runs.
    fn transport(
        &self,
        placement: &Placement,
        node: &PlacedNode,
    ) -> Result<Arc<dyn Transport>, LinkMistake>;
}

/// What keeps a node from being linked to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkMistake {
    /// Where it is.
    pub part: NodePart,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A part of what a flow file says of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodePart {
    /// The node as such.
    Node,
    /// The address of one of its replicas, from 0.
    Address(usize),
    /// Its keys.
    Keys,
}

impl LinkMistake {
    /// Says what is wrong with a part of a node.
    pub fn new(part: NodePart, message: impl Into<String>) -> LinkMistake {
        LinkMistake {
            part,
            message: message.into(),
            help: None,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> LinkMistake {
        self.help = Some(help.into());
        self
    }
}
