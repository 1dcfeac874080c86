//! Starting the program and talking to it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Whoever waits longer waits for something that does not come.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Looks again and again until something is so, as nobody tells of what another process did to a file.
pub(crate) fn await_that(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < until, "{what} does not come");
        // Not a whole core of few, which the program needs.
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// The examples' directory.
pub(crate) fn examples() -> PathBuf {
    root().join("examples")
}

/// The directory of the whole project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the program's command line, without what the environment of the tests might change.
pub(crate) fn compysition<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compysition"));
    command.args(args);
    for name in ["listen", "executor", "back_end", "RUST_LOG"] {
        command.env_remove(name);
    }
    command
}

/// A running process; it does not outlive its test.
pub(crate) struct Process {
    child: Child,
    log: Receiver<String>,
    output: Receiver<String>,
    seen: Vec<String>,
}

/// What a process left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) output: Vec<String>,
    pub(crate) log: Vec<String>,
}

impl Process {
    /// Starts the program on flow files, which listen where the system likes.
    pub(crate) fn run(file: &Path, args: &[&str]) -> Process {
        let mut command = compysition(["run", "--log", "json"]);
        Process::start(command.arg(file).args(args))
    }

    /// Starts the program on a file that has the setting `listen`, and waits until it does.
    pub(crate) fn serve(file: &Path, args: &[&str]) -> (Process, String) {
        let mut process = Process::run(file, args);
        let url = process.url();
        (process, url)
    }

    pub(crate) fn start(command: &mut Command) -> Process {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = lines(child.stderr.take().unwrap());
        let output = lines(child.stdout.take().unwrap());
        Process {
            child,
            log,
            output,
            seen: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of the log that has the text.
    pub(crate) fn await_log(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.log.recv_timeout(DEADLINE) else {
                panic!("no `{text}` in the log:\n{}", self.seen.join("\n"));
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for the next line of the output.
    pub(crate) fn next_output(&mut self) -> String {
        let line = self.output.recv_timeout(DEADLINE);
        line.unwrap_or_else(|_| panic!("no output\n{}", self.seen.join("\n")))
    }

    /// Waits until the flow listens, and returns where.
    pub(crate) fn url(&mut self) -> String {
        let line = self.await_log("listening on http");
        let line: Value = serde_json::from_str(&line).unwrap();
        let actor = line["actor"].as_str().unwrap_or_default();
        let is_door = actor == "http" || actor.ends_with("/http");
        assert!(line["flow"].is_string() && is_door, "{line}");
        format!("http://{}", line["address"].as_str().unwrap())
    }

    /// Kills the process, which has no time to say anything.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn terminate(&self) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Tells the process to stop and waits until it has.
    pub(crate) fn stop(self) -> Ended {
        self.terminate();
        self.ended()
    }

    /// Waits until the process has ended by itself.
    pub(crate) fn ended(mut self) -> Ended {
        let until = Instant::now() + DEADLINE;
        let left = || until.saturating_duration_since(Instant::now());
        let mut output = Vec::new();
        while let Ok(line) = self.output.recv_timeout(left()) {
            output.push(line);
        }
        while let Ok(line) = self.log.recv_timeout(left()) {
            self.seen.push(line);
        }
        assert!(
            !left().is_zero(),
            "still running:\n{}",
            self.seen.join("\n")
        );
        Ended {
            // Both pipes are closed: the process is about to end.
            code: self.child.wait().unwrap().code(),
            output,
            log: std::mem::take(&mut self.seen),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// A directory that goes away with its test.
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn new() -> Files {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("program-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Files(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Copies the files of an example, but no directories.
    pub(crate) fn copy(&self, from: &Path) {
        let entries = std::fs::read_dir(from).unwrap();
        let entries = entries.map(|entry| entry.unwrap());
        for entry in entries.filter(|entry| entry.path().is_file()) {
            std::fs::copy(entry.path(), self.0.join(entry.file_name())).unwrap();
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What is left in the target directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
