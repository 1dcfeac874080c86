//! The command line; the doc comments are its help.

use std::path::PathBuf;

use compysition_core::ErrorKind;

use crate::replay::{Moment, Target};
use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};
use compysition_trial::Selection;

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
        record: Record,
        #[command(flatten)]
        log: Log,
    },
    /// Finds everything that is wrong with flows, without running them.
    Check {
        #[command(flatten)]
        files: Files,
    },
    /// Runs the tests of flows: those in flow files, in `NAME.test.yaml` beside them, and below directories.
    ///
    /// Each test runs its flow in stopped time and without a network, sends in what it says, and compares what
    /// comes out with what it expects.
    Test(TestOptions),
    /// Sends dead letters once more: each to the actor where it failed, under its old ids.
    ///
    /// The flow runs in this process, with all its actors but its doors and other sources, until all that was
    /// sent is done. What fails again becomes a dead letter again. Which letters were sent is noted in
    /// FILE.replayed, so that a second run passes them over.
    Replay {
        #[command(flatten)]
        replay: ReplayOptions,
        #[command(flatten)]
        log: Log,
    },
    /// Lists the actors that flow files can name, or shows the manual of one.
    Actors(ActorsOptions),
}

#[derive(Arguments, Debug)]
pub(crate) struct ActorsOptions {
    /// The name of an actor, or words to look for in all manuals.
    #[arg(value_name = "NAME|WORD")]
    pub(crate) words: Vec<String>,
    /// Shows only the actors for this purpose, such as route or security.
    #[arg(long, value_name = "PURPOSE")]
    pub(crate) purpose: Option<String>,
    /// How it is written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Page,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Page {
    /// For people, in lines that fit.
    Text,
    /// As a page in Markdown.
    Markdown,
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
pub(crate) struct Record {
    /// Writes what becomes of events as tests: of those with a meta id, of those that come in by a door, or of those of
    /// which something fails (meta_id=ID, door=NAME or errors); may be given several times.
    #[arg(long, value_name = "WHAT")]
    pub(crate) record: Vec<Selection>,
    /// Where the tests are written.
    #[arg(long, value_name = "DIR", default_value = "recorded")]
    pub(crate) record_to: PathBuf,
    /// Takes what this regular expression matches out of the tests; may be given several times.
    #[arg(long, value_name = "REGEX")]
    pub(crate) record_without: Vec<String>,
}

#[derive(Arguments, Debug)]
pub(crate) struct TestOptions {
    /// Flow files, files of tests, or directories with any of them.
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,
    /// Runs only tests whose name, or whose file's, has this word.
    #[arg(long, value_name = "WORD")]
    pub(crate) filter: Option<String>,
    /// Writes what came into the test files, where it is not as expected.
    #[arg(long)]
    pub(crate) accept: bool,
    /// Writes a report in the form of JUnit as well.
    #[arg(long, value_name = "PATH")]
    pub(crate) junit: Option<PathBuf>,
    /// Shows which actors and links of the flows were reached, and which were not.
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Runs the tests again whenever a file changes, until it is told to stop.
    #[arg(long, conflicts_with = "accept")]
    pub(crate) watch: bool,
}

#[derive(Arguments, Debug)]
pub(crate) struct ReplayOptions {
    /// The files of dead letters, one after the other; their lists (`.replayed`) are passed over.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The flow file, and the actor and inbox that take the letters if they are not to go where they failed.
    #[arg(long, value_name = "FLOW[.ACTOR[.INBOX]]")]
    pub(crate) into: Target,
    /// Sends only letters with an error of this kind; may be given several times.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<ErrorKind>,
    /// Sends only letters that failed at this actor; may be given several times.
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Vec<String>,
    /// Sends only letters of this flow.
    #[arg(long, value_name = "NAME")]
    pub(crate) flow: Option<String>,
    /// Sends only letters that failed since then: 2026-11-24 or 2026-11-24T08:30 in UTC, or 2h for two hours ago.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Moment>,
    /// Sends only letters that failed before then.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Moment>,
    /// Shows what would be sent, and where to, and sends nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Sends also letters that were sent before.
    #[arg(long)]
    pub(crate) again: bool,
    /// Gives a setting of the flow a value, before the file's own and the environment.
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
