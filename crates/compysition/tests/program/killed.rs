//! `kill -9` in the middle of files that are copied line by line: no line is lost, and those that come twice are
//! those behind the last checkpoint.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Files, Process, await_that};

const LINES: usize = 200_000;
const KILLS: usize = 5;

/// A number and what it takes to see that a line is whole.
fn line(number: usize) -> String {
    format!("{number:07} {number:x}\n")
}

/// A flow that copies `in.txt` to `out.txt`, and where it stands.
struct Copying {
    files: Files,
    flow: PathBuf,
}

impl Copying {
    fn new(settings: &str) -> Copying {
        let files = Files::new();
        let text: String = (0..LINES).map(line).collect();
        files.write("in.txt", &text);
        let often = "poll: 20ms, checkpoint: state.json, checkpoint_every: 20ms";
        let flow = format!(
            "
name: copies
actors:
  lines: {{ file_in: {{ path: in.txt, codec: lines, {often}, {settings} }} }}
  out:   {{ file_out: {{ path: out.txt }} }}
connect:
  - lines -> out
"
        );
        let flow = files.write("flow.yaml", &flow);
        Copying { files, flow }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn start(&self) -> Process {
        Process::run(&self.flow, &[])
    }

    fn written(&self) -> usize {
        let known = fs::metadata(self.path("out.txt"));
        known.map_or(0, |known| known.len() as usize)
    }

    /// Returns up to where the checkpoint says that all is done.
    fn checkpoint(&self) -> usize {
        let Ok(text) = fs::read(self.path("state.json")) else {
            return 0;
        };
        // It is replaced as a whole, so that it can be read at any time.
        let state: Value = serde_json::from_slice(&text).unwrap();
        let offset = state["files"][0]["offset"].as_u64().unwrap_or_default();
        offset as usize
    }

    /// Runs the flow until it has written a share of all, and kills it when the next checkpoint is there: what it
    /// covers too early is not written yet then.
    fn run_and_kill(&self) {
        let share = LINES * line(0).len() / (KILLS + 2);
        let enough = self.written() + share;
        let process = self.start();
        await_that("what is written", || self.written() > enough);
        let checkpoint = self.checkpoint();
        await_that("a checkpoint", || self.checkpoint() > checkpoint);
        // SIGKILL.
        drop(process);
    }
}

/// The lines of a run: one after the other from where it began, but for one that was torn off at its end.
struct Run {
    begin: usize,
    end: usize,
}

/// Cuts what was written into its runs.
fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for written in text.split_inclusive('\n') {
        let next = runs.last().map_or(0, |run| run.end);
        if written == line(next) {
            match runs.last_mut() {
                Some(run) => run.end += 1,
                None => runs.push(Run { begin: 0, end: 1 }),
            }
            continue;
        }
        if line(next).starts_with(written.trim_end()) {
            continue;
        }
        let number: usize = written[..7].parse().unwrap();
        assert_eq!(written, line(number), "a line is no copy");
        runs.push(Run {
            begin: number,
            end: number + 1,
        });
    }
    runs
}

/// Checks that all lines are there, and that each run began where the checkpoint said.
fn check(text: &str, checkpoints: &[usize]) {
    let runs = runs(text);
    let offsets = (0..LINES).scan(0, |offset, number| {
        let begin = *offset;
        *offset += line(number).len();
        Some(begin)
    });
    let offsets: Vec<usize> = offsets.collect();
    let mut checkpoints = checkpoints.iter();
    for run in &runs[1..] {
        // Who was killed when all was done that was written has not begun again anywhere.
        assert!(
            checkpoints.any(|offset| *offset == offsets[run.begin]),
            "line {} comes again without a checkpoint there",
            run.begin
        );
    }
    let mut repeated = 0;
    for pair in runs.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        assert!(after.begin <= before.end, "lines are lost");
        repeated += before.end - after.begin;
    }
    assert_eq!(runs[runs.len() - 1].end, LINES, "lines are lost at the end");
    println!("{repeated} of {LINES} lines came twice");
    // What was under way, and what a checkpoint's interval lets by; on no machine as much as all.
    assert!(repeated < LINES / 2, "{repeated} lines came twice");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_tail_that_is_killed_loses_nothing() {
    let copying = Copying::new("mode: tail");
    let mut checkpoints = Vec::new();
    for _ in 0..KILLS {
        copying.run_and_kill();
        checkpoints.push(copying.checkpoint());
    }
    let process = copying.start();
    let all = fs::metadata(copying.path("in.txt")).unwrap().len() as usize;
    await_that("the end", || {
        copying.written() >= all && copying.checkpoint() >= all
    });
    let ended = process.stop();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(copying.checkpoint(), all, "a stop forgets nothing");
    check(&read(&copying.path("out.txt")), &checkpoints);
}

#[test]
fn a_whole_file_whose_reader_is_killed_loses_nothing_and_is_put_aside_once() {
    let copying = Copying::new("once: true, ready: { stable: 0s }, delivered: { move: done }");
    let mut checkpoints = Vec::new();
    for _ in 0..KILLS {
        copying.run_and_kill();
        assert!(copying.path("in.txt").exists(), "it is put aside too early");
        checkpoints.push(copying.checkpoint());
    }
    let ended = copying.start().ended();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(!copying.path("in.txt").exists());
    assert!(copying.path("done/in.txt").exists());
    check(&read(&copying.path("out.txt")), &checkpoints);
}

#[test]
fn a_flow_that_runs_already_is_not_started_again_but_after_a_kill_it_is() {
    let copying = Copying::new("mode: tail");
    let mut first = copying.start();
    await_that("a checkpoint", || copying.checkpoint() > 0);
    let ended = copying.start().ended();
    assert_ne!(ended.code, Some(0), "{ended:?}");
    let expected = format!("is in use by another `file_in`, in process {}", first.id());
    assert!(ended.log.join("\n").contains(&expected), "{ended:?}");
    first.kill();
    let mut again = copying.start();
    await_that("all that is missing", || {
        copying.written() >= LINES * line(0).len()
    });
    again.kill();
}
