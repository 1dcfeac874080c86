//! What can be known of a flow before it runs, from its [`Wiring`](compysition_core::Wiring) and what its actors promise
//! of their ports.
//!
//! * [`Replies`]: which requests may go unanswered, and by which path.
//! * [`Guarantees`]: what order is kept, what is copied, what bounds what, and what can be lost.
//! * [`Stall`]: what stops, and when, if one actor consumes no more.
//!
//! All three follow the flow as the engine runs it. What an actor does within its ports is not known: where it may go
//! several ways, each is followed.

mod bounds;
mod endless;
mod exits;
mod graph;
mod guarantees;
mod losses;
mod processes;
mod replies;
mod routes;
mod shares;
mod solve;
mod stall;
mod tell;
mod tell_stall;
mod walk;
mod words;

pub use bounds::Bound;
pub use exits::{Ending, Exit};
pub use guarantees::{Guarantees, LinkGuarantee, Order, Passes};
pub use losses::{Fate, Killed, Losses};
pub use processes::Crossing;
pub use replies::{Door, Finding, Replies, Step, Twice};
pub use routes::Route;
pub use stall::{Cut, Does, Effect, Stall};
pub use tell::Section;
