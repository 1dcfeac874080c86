//! The program: a table of actors and the commands on it.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use compysition_core::Registry;
use compysition_expression::Functions;
use compysition_trial::StandIn;

use crate::args::{Args, Command};
use crate::manual::Manual;
use crate::{actors, check, log, output, run, test};

/// A program in the making: the actors that its flow files can name, and the functions that their
/// expressions can call.
#[derive(Clone)]
pub struct Program {
    pub(crate) registry: Registry,
    pub(crate) functions: Functions,
    pub(crate) stand_ins: Vec<StandIn>,
}

impl Program {
    /// Makes a program with these actors and the functions that every expression knows.
    pub fn new(registry: Registry) -> Program {
        Program {
            registry,
            functions: Functions::default(),
            stand_ins: Vec::new(),
        }
    }

    /// Replaces actors that reach outside in the tests of flows.
    #[must_use]
    pub fn with_stand_in(mut self, stand_in: StandIn) -> Program {
        self.stand_ins.push(stand_in);
        self
    }

    /// Replaces the functions that expressions can call.
    #[must_use]
    pub fn with_functions(mut self, functions: Functions) -> Program {
        self.functions = functions;
        self
    }

    /// Returns the manuals of all actors.
    pub fn manuals(&self) -> Vec<Manual> {
        let kinds = self.registry.kinds();
        kinds.map(|kind| Manual::of(kind, self)).collect()
    }

    /// Runs the program on the command line that it was called with.
    pub fn main(self) -> ExitCode {
        self.run_with(std::env::args_os())
    }

    /// Runs the program on a command line, whose first word is the program's name.
    pub fn run_with(self, command_line: impl IntoIterator<Item = OsString>) -> ExitCode {
        let args = match Args::try_parse_from(command_line) {
            Ok(args) => args,
            Err(error) => return not_a_command(&error),
        };
        match args.command {
            Command::Run { files, record, log } => {
                log::start(&log);
                run::run(&self, &files, &record)
            }
            Command::Replay { replay, log } => crate::replay::replay(&self, &replay, &log),
            Command::Check { files } => check::check(&self, &files),
            Command::Test(options) => test::test(&self, &options),
            Command::Actors(options) => actors::actors(&self, &options),
        }
    }
}

/// Says what is wrong with the command line, or gives the help that was asked for.
fn not_a_command(error: &clap::Error) -> ExitCode {
    match error.use_stderr() {
        true => output::complain(error.render()),
        false => output::say(error.render()),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}
