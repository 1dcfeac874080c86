//! What a program writes to its standard error.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::Context;
use parking_lot::Mutex;
use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

/// How many lines are logged in a second.
const RATE: usize = 100;
/// How much of a line is logged and kept.
const LINE: usize = 1000;
/// How long to wait for the rest of what a process wrote that has ended.
const PATIENCE: Duration = Duration::from_millis(500);

/// The lines of one process: they are logged, and the last ones are kept.
pub(crate) struct Stderr {
    last: Arc<Mutex<VecDeque<String>>>,
    /// Tells, by being dropped, that there is no more.
    ended: oneshot::Receiver<()>,
}

impl Stderr {
    /// Begins to read, in a task that ends with the flow.
    pub(crate) fn read(mut stderr: ChildStderr, keep: usize, ctx: &Context) -> Stderr {
        let last = Arc::new(Mutex::new(VecDeque::new()));
        let (end, ended) = oneshot::channel();
        let mut lines = Lines::new(keep, last.clone());
        let (flow, actor) = (ctx.flow().to_owned(), ctx.actor().to_owned());
        ctx.spawner().spawn(async move {
            let _end: oneshot::Sender<()> = end;
            let mut buffer = vec![0; 8192];
            while let Ok(count) = stderr.read(&mut buffer).await
                && count > 0
            {
                lines.feed(&buffer[..count], Instant::now(), |line| {
                    tracing::info!(flow, actor, "{line}");
                });
            }
            lines.end(|line| tracing::info!(flow, actor, "{line}"));
        });
        Stderr { last, ended }
    }

    /// Returns the last lines of a process that has ended, in one.
    pub(crate) async fn last(&mut self) -> String {
        // If the process left somebody behind who writes on, what is there must do.
        let _ = timeout(PATIENCE, &mut self.ended).await;
        let last = self.last.lock();
        last.iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// Makes lines of bytes, logs them at a bounded rate and keeps the last.
pub(crate) struct Lines {
    keep: usize,
    last: Arc<Mutex<VecDeque<String>>>,
    line: Vec<u8>,
    since: Option<Instant>,
    logged: usize,
    left_out: usize,
}

impl Lines {
    pub(crate) fn new(keep: usize, last: Arc<Mutex<VecDeque<String>>>) -> Lines {
        Lines {
            keep,
            last,
            line: Vec::new(),
            since: None,
            logged: 0,
            left_out: 0,
        }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8], now: Instant, mut log: impl FnMut(&str)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_whole) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let room = LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if is_whole {
                self.take_line(now, &mut log);
            }
        }
    }

    /// Takes what has no line break behind it.
    pub(crate) fn end(&mut self, mut log: impl FnMut(&str)) {
        if !self.line.is_empty() {
            self.take_line(Instant::now(), &mut log);
        }
        self.tell_left_out(&mut log);
    }

    fn take_line(&mut self, now: Instant, log: &mut impl FnMut(&str)) {
        let line = String::from_utf8_lossy(&self.line);
        // Nothing that a terminal would obey.
        let printable = |c: char| if c.is_control() && c != '\t' { ' ' } else { c };
        let line: String = line.trim_end().chars().map(printable).collect();
        self.line.clear();
        if line.is_empty() {
            return;
        }
        if self
            .since
            .is_none_or(|since| now - since >= Duration::from_secs(1))
        {
            self.tell_left_out(log);
            (self.since, self.logged) = (Some(now), 0);
        }
        match self.logged < RATE {
            true => {
                log(&line);
                self.logged += 1;
            }
            false => self.left_out += 1,
        }
        let mut last = self.last.lock();
        if last.len() >= self.keep {
            last.pop_front();
        }
        if self.keep > 0 {
            last.push_back(line);
        }
    }

    fn tell_left_out(&mut self, log: &mut impl FnMut(&str)) {
        match std::mem::take(&mut self.left_out) {
            0 => {}
            count => log(&format!("{count} more lines were left out")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_logged_at_a_bounded_rate_and_the_last_are_kept() {
        let last = Arc::default();
        let mut lines = Lines::new(2, Arc::clone(&last));
        let mut logged = Vec::new();
        let begin = Instant::now();
        for number in 0..500 {
            let text = format!("line {number}\n");
            let (first, second) = text.split_at(3);
            for part in [first, second] {
                lines.feed(part.as_bytes(), begin, |line| logged.push(line.to_owned()));
            }
        }
        assert_eq!((logged.len(), &*logged[99]), (RATE, "line 99"));
        let later = begin + Duration::from_secs(1);
        lines.feed(b"\x1b[31mred\n\nrest", later, |line| {
            logged.push(line.to_owned())
        });
        lines.end(|line| logged.push(line.to_owned()));
        assert_eq!(
            logged[RATE..],
            ["400 more lines were left out", " [31mred", "rest"]
        );
        assert_eq!(*last.lock(), [" [31mred", "rest"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let last = Arc::default();
        let mut lines = Lines::new(1, Arc::clone(&last));
        for _ in 0..1000 {
            lines.feed(&[b'x'; 1000], Instant::now(), |_| {});
        }
        assert!(lines.line.capacity() <= 2 * LINE);
        lines.end(|_| {});
        assert_eq!(last.lock()[0].len(), LINE);
    }
}
