//! The command line; the doc comments are its help.

use std::path::PathBuf;

use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};

/// Runs event flows that are written in YAML files.
#[derive(Parser, Debug)]
#[command(name = "compysition", version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Runs flows, side by side, until they end or are told to stop (SIGINT, SIGTERM).
    ///
    /// On the first signal doors stop to admit, and what is under way is finished, in the last flow first:
    /// name a flow behind those that it calls. A second signal ends all at once.
    Run {
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        log: Log,
    },
    /// Finds everything that is wrong with flows, without running them.
    Check {
        #[command(flatten)]
        files: Files,
    },
    /// Lists the actors that flow files can name, or shows the manual of one.
    Actors {
        /// The name of an actor.
        name: Option<String>,
    },
}

#[derive(Arguments, Debug)]
pub(crate) struct Files {
    /// The flow files.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Gives a setting of the flows a value, before the file's own and the environment.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Arguments, Debug)]
pub(crate) struct Log {
    /// How the log is written to standard error.
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(crate) log: Form,
    /// What is logged: this level and all that is graver.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

fn setting(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a setting is given as NAME=VALUE"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        let parsed = setting("query=a=b");
        assert_eq!(parsed, Ok(("query".to_owned(), "a=b".to_owned())));
        assert!(setting("query").is_err());
        assert!(setting("=x").is_err());
    }
}
