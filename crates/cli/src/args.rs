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
    ///
    /// A flow whose file names `nodes` runs in this process alone, unless you say which node this process is, or
    /// have all of them started.
    Run {
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        record: Record,
        #[command(flatten)]
        log: Log,
    },
    /// Finds everything that is wrong with flows, without running them.
    ///
    /// It also tells what a flow that is right may do all the same, such as to leave a request unanswered.
    Check {
        #[command(flatten)]
        files: Files,
        /// Exits with 1 if there are warnings, too.
        #[arg(long)]
        strict: bool,
        /// How what is wrong is written: for people to standard error, for machines to standard output.
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Report,
    },
    /// Tells what is known of flows before they run: which order is kept, what is copied, what bounds what, what can be
    /// lost.
    Explain(ExplainOptions),
    /// Writes flow files anew: the same flow and comments, with even spaces, quotes and columns.
    ///
    /// A file that cannot be kept as it is, with anchors or tags, is left alone.
    Fmt {
        /// The flow files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Changes no file; names those that would change, and fails if there are any.
        #[arg(long)]
        check: bool,
    },
    /// Prints the JSON Schema of flow files, with which editors complete, explain and check them.
    Schema,
    /// Makes a directory with a first flow, ready to run.
    New {
        /// The name of the directory and the flow: letters, digits, `_` and `-`.
        #[arg(value_name = "NAME")]
        name: String,
        /// Makes a Rust project: a program with an actor of its own, and a test.
        #[arg(long)]
        rust: bool,
        /// Takes the crate `compysition` from this checkout, and not from the registry of crates.
        #[arg(long, value_name = "DIR", requires = "rust")]
        checkout: Option<PathBuf>,
    },
    /// Prints a script that lets a shell complete the words of this command line.
    Completions {
        /// The shell.
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Prints the manual page, for the program `man`.
    Man,
    /// Runs the tests of flows: those in flow files, in `NAME.test.yaml` beside them, and below directories.
    ///
    /// Each test runs its flow in stopped time, sends in what it says on no network, and compares what comes out with what it
    /// expects. No actor reaches outside: one that would needs a mock, or `real: [ACTOR]`.
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
    /// Draws flows: actors, links, and the way of answers and errors.
    Graph(GraphOptions),
    /// Makes a pair of CURVE keys for ZeroMQ: NAME.key, for everybody, and NAME.key_secret, for nobody else.
    Keys(KeysOptions),
}

#[derive(Arguments, Debug)]
pub(crate) struct GraphOptions {
    #[command(flatten)]
    pub(crate) files: Files,
    /// How it is drawn; as the ending of the file says (svg, mmd, dot) if left out, or else as svg.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Drawing>,
    /// The file to write, instead of standard output; of several flows each has a file with its name before the ending.
    #[arg(long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Shows the picture in the browser.
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drawing {
    /// A picture, for browsers and pages.
    Svg,
    /// Mermaid, which viewers of Markdown draw.
    Mermaid,
    /// DOT, for Graphviz.
    Dot,
}

#[derive(Arguments, Debug)]
pub(crate) struct KeysOptions {
    /// Whose keys they are.
    pub(crate) name: String,
    /// The directory that they are written to.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub(crate) directory: PathBuf,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// For people: each with its line.
    Text,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, as code hosts read it.
    Sarif,
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

/// Which part of a flow in several processes runs.
#[derive(Arguments, Debug)]
pub(crate) struct Place {
    /// Runs what is placed in this node.
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    pub(crate) node: Option<String>,
    /// Says which of the node's replicas this process is, from 1.
    #[arg(long, value_name = "NUMBER", default_value = "1", requires = "node")]
    pub(crate) replica: usize,
    /// Starts each node, with all its replicas, as a process of its own on this machine; starts one again that dies, and stops them together.
    #[arg(long)]
    pub(crate) all: bool,
    /// How many threads run the actors of a process; as many as there are processors, which the processes of `--all` share.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// The process whose end is the end of this one.
    #[arg(long, value_name = "PID", hide = true)]
    pub(crate) parent: Option<u32>,
}

impl Place {
    /// Returns who speaks in the log, where several processes write it; nobody if there is one.
    pub(crate) fn speaker(&self) -> Option<String> {
        let node = self.node.as_ref()?;
        Some(format!("{node} {}", self.replica))
    }
}

#[derive(Arguments, Debug)]
pub(crate) struct ExplainOptions {
    #[command(flatten)]
    pub(crate) files: Files,
    /// Tells instead what stops, and when, if this actor takes no more events.
    #[arg(long, value_name = "ACTOR")]
    pub(crate) stall: Option<String>,
    /// How it is written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Told {
    /// In sentences, for people.
    Text,
    /// As data, a line for each flow.
    Json,
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

impl Log {
    /// Returns the options that say the same to another process.
    pub(crate) fn options(&self) -> [(&'static str, String); 2] {
        let name = |value: Option<clap::builder::PossibleValue>| {
            value.map_or_else(String::new, |value| value.get_name().to_owned())
        };
        [
            ("--log", name(self.log.to_possible_value())),
            ("--log-level", name(self.log_level.to_possible_value())),
        ]
    }
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
