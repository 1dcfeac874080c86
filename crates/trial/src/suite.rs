//! All tests that were asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use compysition_core::Registry;
use compysition_expression::Functions;
use parking_lot::Mutex;

use crate::coverage::Coverage;
use crate::find::{Found, find};
use crate::play::{Played, play};
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
        let mut numbers = Vec::new();
        for (number, found) in suite.found.iter().enumerate() {
            let before = numbers.len();
            for (index, case) in found.file.tests.iter().enumerate() {
                let path = found.document.path();
                let is_meant =
                    |word: &str| case.name.contains(word) || path.to_string_lossy().contains(word);
                if filter.is_none_or(is_meant) {
                    numbers.push((number, index));
                }
            }
            report.flows += usize::from(numbers.len() > before);
        }
        for (number, played) in numbers.iter().zip(self.play_all(suite, &numbers)) {
            let found = &suite.found[number.0];
            if let Some(wiring) = &played.wiring {
                report
                    .coverage
                    .add(&found.flow, wiring, &played.links, &played.parts);
            }
            report.verdicts.push(judge(found, *number, played));
        }
        report.time = start.elapsed();
        report
    }

    /// Runs tests side by side, as many as the machine has processors, and returns what became of them in order.
    fn play_all(&self, suite: &Suite, numbers: &[(usize, usize)]) -> Vec<Played> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let work = || {
            loop {
                let place = next.fetch_add(1, Relaxed);
                let Some((number, index)) = numbers.get(place) else {
                    return;
                };
                let played = play(self, &suite.found[*number], *index);
                done.lock().push((place, played));
            }
        };
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..workers.min(numbers.len()) {
                scope.spawn(work);
            }
        });
        let mut done = done.into_inner();
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, played)| played).collect()
    }
}

/// Says where a test stands, and what became of it.
fn judge(found: &Found, number: (usize, usize), played: Played) -> Verdict {
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
