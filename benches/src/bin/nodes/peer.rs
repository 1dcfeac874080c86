//! Another process of the benchmark: this program once more, in a role.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

use crate::Done;

/// A running process; it ends when it is dropped.
pub(crate) struct Peer {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What it said first: where it listens.
    pub(crate) says: String,
}

/// Returns the role of this process, and the address that it was given, unless it is the one that measures.
pub(crate) fn role() -> Option<(String, String)> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "as");
    Some((arguments.nth(1)?, arguments.next()?))
}

/// Returns what one of two processes runs on that share this machine, as those of `compysition run --all` do.
pub(crate) fn half_the_threads() -> Done<Runtime> {
    let processors = available_parallelism()?.get();
    let mut builder = Builder::new_multi_thread();
    Ok(builder
        .worker_threads((processors / 2).max(1))
        .enable_all()
        .build()?)
}

impl Peer {
    pub(crate) fn start(role: &str, address: &str) -> Done<Peer> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["as", role, address])
            .args(std::env::args().skip(1))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let mut peer = Peer {
            process,
            input: input.ok_or("no input")?,
            output: BufReader::new(output.ok_or("no output")?),
            says: String::new(),
        };
        peer.says = peer.line()?;
        Ok(peer)
    }

    /// Writes a line, and waits for one.
    pub(crate) fn ask(&mut self, question: &str) -> Done<String> {
        writeln!(self.input, "{question}")?;
        self.line()
    }

    fn line(&mut self) -> Done<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line.trim_end() {
            "" => Err("a process of the benchmark has ended".into()),
            line => Ok(line.to_owned()),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Tells the process that measures.
pub(crate) fn tell(line: impl std::fmt::Display) -> Done {
    let mut output = std::io::stdout();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}
