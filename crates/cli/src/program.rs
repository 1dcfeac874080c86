//! The program: a table of actors and the commands on it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use compysition_core::{Error, Registry, Result};
use compysition_expression::Functions;
use compysition_flow::Links;
use compysition_trial::StandIn;

use crate::args::{Args, Command};
use crate::manual::Manual;
use crate::{
    actors, check, children, complaints, explain, fmt, keys, log, new, output, run, schema, shell,
    test,
};

/// Writes a pair of keys with this name into a directory, and returns the paths of its files.
pub type MakeKeys = fn(&Path, &str) -> Result<Vec<PathBuf>>;

/// A program in the making: the actors that its flow files can name, and the functions that their
/// expressions can call.
#[derive(Clone)]
pub struct Program {
    pub(crate) registry: Registry,
    pub(crate) functions: Functions,
    pub(crate) links: Option<Arc<dyn Links>>,
    pub(crate) make_keys: Option<MakeKeys>,
    pub(crate) stand_ins: Vec<StandIn>,
    pub(crate) status: fn(&Error) -> Option<u16>,
}

impl Program {
    /// Makes a program with these actors and the functions that every expression knows.
    pub fn new(registry: Registry) -> Program {
        Program {
            registry,
            functions: Functions::default(),
            links: None,
            make_keys: None,
            stand_ins: Vec::new(),
            status: |_| None,
        }
    }

    /// Lets flows run in several processes, whose links are carried by what this makes.
    #[must_use]
    pub fn with_links(mut self, links: Arc<dyn Links>) -> Program {
        self.links = Some(links);
        self
    }

    /// Replaces actors that reach outside in the tests of flows.
    #[must_use]
    pub fn with_stand_in(mut self, stand_in: StandIn) -> Program {
        self.stand_ins.push(stand_in);
        self
    }

    /// Says with which status a client is told of an error, for recordings of what it was answered.
    #[must_use]
    pub fn with_status(mut self, status: fn(&Error) -> Option<u16>) -> Program {
        self.status = status;
        self
    }

    /// Replaces the functions that expressions can call.
    #[must_use]
    pub fn with_functions(mut self, functions: Functions) -> Program {
        self.functions = functions;
        self
    }

    /// Adds what makes keys: the actors that need them are in a crate that the commands do not know.
    #[must_use]
    pub fn with_keys(mut self, make_keys: MakeKeys) -> Program {
        self.make_keys = Some(make_keys);
        self
    }

    /// Returns the manuals of all actors.
    pub fn manuals(&self) -> Vec<Manual> {
        let kinds = self.registry.kinds();
        kinds.map(|kind| Manual::of(kind, self)).collect()
    }

    /// Returns the JSON Schema of flow files with these actors, for editors; none if it cannot be made.
    pub fn schema(&self) -> Option<serde_json::Value> {
        schema::of(self)
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
            Command::Run {
                files,
                place,
                record,
                log,
            } => {
                log::start(&log, place.speaker());
                match place.all {
                    true if !record.record.is_empty() => {
                        let message = "`--record` is for one process: run each node with `--node`";
                        complaints::say(log.log, message);
                        ExitCode::FAILURE
                    }
                    true => children::run_all(&self, &files, place.threads, &log),
                    false => run::run(&self, &files, &place, &record, log.log),
                }
            }
            Command::Replay { replay, log } => crate::replay::replay(&self, &replay, &log),
            Command::Check {
                files,
                strict,
                format,
            } => check::check(&self, &files, strict, format),
            Command::Explain(options) => explain::explain(&self, &options),
            Command::Fmt { files, check } => fmt::fmt(&files, check),
            Command::Schema => schema::schema(&self),
            Command::New {
                name,
                rust,
                checkout,
            } => new::new(&name, rust, checkout.as_deref()),
            Command::Completions { shell } => shell::completions(&self, shell),
            Command::Man => shell::man(),
            Command::Test(options) => test::test(&self, &options),
            Command::Actors(options) => actors::actors(&self, &options),
            Command::Graph(options) => crate::graph::graph(&self, &options),
            Command::Keys(options) => keys::keys(&self, &options),
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
