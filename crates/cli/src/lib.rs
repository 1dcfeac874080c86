//! The commands of the `compysition` program, for any table of actors.
//!
//! A program with actors of its own is a table and one call:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     let registry = compysition_core::Registry::new();
//!     compysition_cli::main(registry)
//! }
//! ```
//!
//! Every command exits with 0 if all went well, with 1 if a flow is wrong or could not stop cleanly, and
//! with 2 if the command line is wrong. What is wrong is written to standard error, for people.

mod actors;
mod args;
mod check;
mod children;
mod complaints;
mod counters;
mod explain;
mod files;
mod fmt;
mod graph;
mod keys;
mod last_resort;
mod log;
mod manual;
mod new;
mod nodes;
mod output;
mod panics;
mod program;
mod replay;
mod run;
mod running;
mod sarif;
mod schema;
mod shell;
mod signals;
mod test;

pub use manual::{Choice, Manual, PATTERNS, PURPOSES, Setting};
pub use program::{MakeKeys, Program};

/// What stands in for actors in the tests of flows.
pub use compysition_trial as trial;

/// Runs the program with these actors, on the command line that it was called with.
pub fn main(registry: compysition_core::Registry) -> std::process::ExitCode {
    Program::new(registry).main()
}
