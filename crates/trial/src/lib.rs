//! Tests of flows as data: what goes in and what is to come out, in YAML beside the flow or in it.
//!
//! Each case runs its flow on a thread and a runtime of its own, whose time is stopped: it jumps to the next timer
//! whenever there is nothing else to do, so that an hour takes a moment. Actors that reach outside are played by
//! [`Mock`]s, doors by what a program puts in their place ([`StandIn`]). What passes the links is seen through a
//! [`Tap`](compysition_core::Tap), and compared with what was expected.
//!
//! This crate knows flows and their files, but no HTTP: a program gives it a stand-in for its doors.

mod accept;
mod case;
mod casting;
mod checks;
mod content;
mod coverage;
mod diff;
mod expect;
mod find;
mod hands;
mod hanging;
mod inlet;
mod junit;
mod log;
mod mock;
mod names;
mod one_or_many;
mod pattern;
mod play;
mod record;
mod report;
mod rewrite;
mod scene;
mod seen;
mod stand_in;
mod suite;
mod watch;
mod workdir;
mod xml;
mod yaml;

pub use accept::accept;
pub use case::{Case, Clock, Input, Part, Request, TestFile};
pub use content::{Body, Content};
pub use coverage::Coverage;
pub use expect::{Answer, ErrorMatch, EventMatch, Expect};
pub use junit::junit;
pub use mock::{Mock, Reply};
pub use one_or_many::{OneOrMany, Pairs};
pub use pattern::Pattern;
pub use record::{Recorder, Selection, patterns};
pub use report::{Report, Verdict};
pub use stand_in::{Asked, Door, Props, Response, StandIn};
pub use suite::{Suite, Trial};
pub use watch::Watch;
