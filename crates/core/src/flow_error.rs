//! All that is wrong with a flow, for its writer.

use std::fmt;

/// Lists everything that keeps a flow from starting.
#[derive(Clone, Debug)]
pub struct FlowError {
    /// The flow's name.
    pub flow: String,
    /// The problems, in the order in which the flow was written.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What the problem is about, so that a flow file can show the line.
    pub about: About,
    /// What is wrong, and what to do.
    pub message: String,
    /// The link that is missing, if that is what is wrong: another mistake may be the reason.
    pub lacks: Option<Lack>,
}

/// A link that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// One from the actor.
    From,
    /// One to the actor, or to what leads to it.
    To,
}

/// What a [`Problem`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum About {
    /// The flow as a whole.
    Flow,
    /// The actor registered as the n-th, from 0.
    Actor(usize),
    /// The n-th link, from 0, counted over all calls of `connect` and `connect_error`.
    Link(usize),
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flow `{}` cannot start:", self.flow)?;
        for problem in &self.problems {
            write!(f, "\n  - {}", problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for FlowError {}
