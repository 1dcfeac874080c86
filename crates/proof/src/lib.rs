//! What can be known of a flow before it runs, from its [`Wiring`](compysition_core::Wiring) and what its actors promise
//! of their ports.
//!
//! * [`Replies`]: which requests may go unanswered, and by which path.
//! * [`Guarantees`]: what order is kept, what is copied, what bounds what, and what can be lost.
//! * [`Stall`]: what stops, and when, if one actor consumes no more.
//!
//! All three follow the flow as the engine runs it. What an actor does within its ports is not known: where it may go
//! several ways, each is followed.

mod exits;
mod graph;
mod replies;
mod shares;
mod solve;
mod stall;
mod walk;
mod words;

pub use exits::{Ending, Exit};
pub use replies::{Door, Finding, Replies, Step, Twice};
pub use stall::{Cut, Does, Effect, Stall};
