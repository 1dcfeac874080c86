//! What became of tests, for people.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use crate::checks::Mismatch;
use crate::coverage::Coverage;
use crate::diff::diff;

/// What became of a test.
pub struct Verdict {
    /// The file that it stands in.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What it is called.
    pub name: String,
    /// How long it took.
    pub time: Duration,
    pub(crate) mismatches: Vec<Mismatch>,
    /// Where each of them was expected: line and column.
    pub(crate) places: Vec<(usize, usize)>,
    pub(crate) broken: Option<String>,
    pub(crate) log: String,
    /// Which of the files it is in, and which test of it.
    pub(crate) number: (usize, usize),
}

/// What became of all tests.
pub struct Report {
    /// Each test, in the order of the files.
    pub verdicts: Vec<Verdict>,
    /// What of the flows was reached.
    pub coverage: Coverage,
    /// How many flows there are.
    pub flows: usize,
    /// How long all took.
    pub time: Duration,
}

impl Verdict {
    /// Returns whether all was as expected.
    pub fn has_passed(&self) -> bool {
        self.broken.is_none() && self.mismatches.is_empty()
    }

    /// Tells what was not as expected, with the log of the flow; empty if all was.
    pub fn text(&self, in_colour: bool) -> String {
        let mut out = String::new();
        if self.has_passed() {
            return out;
        }
        let file = self.file.display();
        // A string takes all that is written to it.
        let _ = writeln!(
            out,
            "{} {}\n  --> {file}:{}:{}",
            paint("FAILED", "1;31", in_colour),
            self.name,
            self.line,
            self.column
        );
        if let Some(broken) = &self.broken {
            out.push_str(&indented(broken));
        }
        for (mismatch, (line, column)) in self.mismatches.iter().zip(&self.places) {
            let _ = writeln!(
                out,
                "  {} is not as expected ({file}:{line}:{column}): {} expected, {} got",
                mismatch.what,
                paint("-", "31", in_colour),
                paint("+", "32", in_colour)
            );
            out.push_str(&indented(&diff(
                &mismatch.expected,
                &mismatch.got,
                in_colour,
            )));
        }
        if !self.log.trim().is_empty() {
            out.push_str("  the flow's log:\n");
            out.push_str(&indented(&self.log));
        }
        out
    }
}

impl Report {
    /// Returns how many tests failed.
    pub fn failed(&self) -> usize {
        let failed = |verdict: &&Verdict| !verdict.has_passed();
        self.verdicts.iter().filter(failed).count()
    }

    /// Tells of the tests that failed, and how many there are.
    pub fn text(&self, in_colour: bool) -> String {
        let failed = self.verdicts.iter().map(|verdict| verdict.text(in_colour));
        let failed: Vec<String> = failed.filter(|text| !text.is_empty()).collect();
        let mut out = failed.join("\n");
        if !failed.is_empty() {
            out.push('\n');
        }
        let counted = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        let (all, wrong) = (self.verdicts.len(), self.failed());
        let result = match wrong {
            0 => paint("all passed", "1;32", in_colour),
            _ => paint(&format!("{wrong} failed"), "1;31", in_colour),
        };
        let _ = writeln!(
            out,
            "{} of {}: {result} ({:.1} s)",
            counted(all, "test"),
            counted(self.flows, "flow"),
            self.time.as_secs_f64()
        );
        out
    }
}

fn indented(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| format!("    {line}").trim_end().to_owned() + "\n");
    lines.collect()
}

fn paint(text: &str, colour: &str, in_colour: bool) -> String {
    match in_colour {
        true => format!("\x1b[{colour}m{text}\x1b[0m"),
        false => text.to_owned(),
    }
}
