//! All tests that were asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use compysition_core::Registry;
use compysition_expression::Functions;

use crate::coverage::Coverage;
use crate::find::{Found, find};
use crate::play::play;
use crate::report::{Report, Verdict};
use crate::stand_in::StandIn;

/// What it takes to run tests: the actors and functions of a program, and what stands in for those that reach outside.
#[derive(Clone, Default)]
pub struct Trial {
    pub(crate) registry: Registry,
    pub(crate) functions: Functions,
    pub(crate) stand_ins: Vec<StandIn>,
}

/// The tests of several files.
pub struct Suite {
    pub(crate) found: Vec<Arc<Found>>,
}

impl Trial {
    /// Prepares tests of flows with these actors, whose expressions know these functions.
    pub fn new(registry: Registry, functions: Functions) -> Trial {
        Trial {
            registry,
            functions,
            stand_ins: Vec::new(),
        }
    }

    /// Replaces actors for tests.
    #[must_use]
    pub fn stand_in(mut self, stand_in: StandIn) -> Trial {
        self.stand_ins.push(stand_in);
        self
    }

    /// Runs the tests whose name, or whose file's, has the word, or all.
    pub fn run(&self, suite: &Suite, filter: Option<&str>) -> Report {
        let start = Instant::now();
        let mut report = Report {
            verdicts: Vec::new(),
            coverage: Coverage::default(),
            flows: 0,
            time: start.elapsed(),
        };
        for (number, found) in suite.found.iter().enumerate() {
            let before = report.verdicts.len();
            for (index, case) in found.file.tests.iter().enumerate() {
                let path = found.document.path();
                let is_meant =
                    |word: &str| case.name.contains(word) || path.to_string_lossy().contains(word);
                if filter.is_none_or(is_meant) {
                    let verdict = self.judge(found, (number, index), &mut report.coverage);
                    report.verdicts.push(verdict);
                }
            }
            report.flows += usize::from(report.verdicts.len() > before);
        }
        report.time = start.elapsed();
        report
    }

    fn judge(
        &self,
        found: &Arc<Found>,
        number: (usize, usize),
        coverage: &mut Coverage,
    ) -> Verdict {
        let played = play(self, found, number.1);
        if let Some(wiring) = &played.wiring {
            coverage.add(&found.flow, wiring, &played.links);
        }
        let at = ["tests".into(), number.1.into()];
        let (line, column) = found.document.place(&at);
        let places = played.mismatches.iter();
        Verdict {
            file: found.document.path().to_owned(),
            line,
            column,
            name: found.file.tests[number.1].name.clone(),
            time: played.time,
            places: places
                .map(|mismatch| found.document.place(&mismatch.at))
                .collect(),
            mismatches: played.mismatches,
            broken: played.broken,
            log: played.log,
            number,
        }
    }
}

impl Suite {
    /// Finds the tests of files, and those below directories.
    ///
    /// # Errors
    /// What is wrong with any of them, with the lines.
    pub fn find(paths: &[PathBuf]) -> Result<Suite, String> {
        let found = find(paths)?;
        let found = found.into_iter().map(Arc::new);
        Ok(Suite {
            found: found.collect(),
        })
    }

    /// Returns the flow files that have tests.
    pub fn flows(&self) -> impl Iterator<Item = &std::path::Path> {
        self.found.iter().map(|found| found.flow.as_path())
    }

    /// Returns how many tests there are.
    pub fn count(&self) -> usize {
        self.found.iter().map(|found| found.file.tests.len()).sum()
    }
}
