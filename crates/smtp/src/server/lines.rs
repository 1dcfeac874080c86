//! Lines of a client, none longer than allowed, and all of them ended as SMTP says.

use std::io;
use std::time::Duration;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
    copy, sink,
};
use tokio::time::{Instant, timeout_at};

/// The longest command that is taken; logins are the longest ones (RFC 4954).
pub(crate) const LONGEST_COMMAND: usize = 12_288;

/// The longest line of a message that is taken. It should have 1,000 bytes at most; many have more.
const LONGEST_LINE: usize = 64 << 10;

/// How much of what a client is still sending is taken when it is sent away, and for how long.
const MOST_LEFT: u64 = 1 << 20;
const LINGER: Duration = Duration::from_secs(1);

/// Why there is no further line.
#[derive(Debug)]
pub(crate) enum NoLine {
    /// The flow stops.
    Stopping,
    /// The connection is gone.
    Gone,
    /// Nothing came in time.
    Late,
    /// It is too long.
    Long,
    /// A line feed stands without its carriage return, or the other way round. Servers that differ about what that means can be
    /// made to see two messages in one, so this one takes none of it.
    Bare,
}

impl NoLine {
    /// Returns what the client is told.
    pub(crate) fn reply(&self) -> &'static str {
        match self {
            NoLine::Stopping => "421 4.3.2 the server stops",
            NoLine::Late | NoLine::Gone => "421 4.4.2 nothing came in time",
            NoLine::Long => "500 5.5.2 the line is too long",
            NoLine::Bare => "521 5.5.2 lines end with CR LF, and have neither in them",
        }
    }
}

impl From<io::Error> for NoLine {
    fn from(_: io::Error) -> NoLine {
        NoLine::Gone
    }
}

/// A message as it came, or why it is not taken although the connection is fine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Whole(Vec<u8>),
    TooLarge,
}

/// A connection of which lines are read.
pub(crate) struct Lines<S> {
    stream: BufReader<S>,
    line: Vec<u8>,
    replies: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    pub(crate) fn new(stream: S) -> Lines<S> {
        Lines {
            stream: BufReader::new(stream),
            line: Vec::new(),
            replies: Vec::new(),
        }
    }

    /// Reads a command, without its end. What was said before is sent first, unless there are commands to read already.
    pub(crate) async fn command(&mut self, patience: Duration) -> Result<&[u8], NoLine> {
        let until = Instant::now() + patience;
        if !self.stream.buffer().contains(&b'\n') {
            self.flush(patience).await?;
        }
        self.read(LONGEST_COMMAND, until).await?;
        Ok(&self.line)
    }

    /// Reads the lines of a message up to the one that is a full stop.
    pub(crate) async fn text(&mut self, most: usize, patience: Duration) -> Result<Text, NoLine> {
        self.flush(patience).await?;
        let until = Instant::now() + patience;
        let (mut text, mut is_too_large) = (Vec::new(), false);
        loop {
            self.read(LONGEST_LINE, until).await?;
            let line = match self.line.strip_prefix(b".") {
                Some([]) if is_too_large => return Ok(Text::TooLarge),
                Some([]) => return Ok(Text::Whole(text)),
                Some(rest) => rest,
                None => &self.line,
            };
            is_too_large = is_too_large || text.len() + line.len() + 2 > most;
            if is_too_large {
                text = Vec::new();
                continue;
            }
            text.extend_from_slice(line);
            text.extend_from_slice(b"\r\n");
        }
    }

    /// Notes a reply, which is sent before something is waited for.
    pub(crate) fn say(&mut self, reply: &str) {
        self.replies.extend_from_slice(reply.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }

    /// Sends what was said.
    pub(crate) async fn flush(&mut self, patience: Duration) -> Result<(), NoLine> {
        let replies = std::mem::take(&mut self.replies);
        let sending = async {
            self.stream.get_mut().write_all(&replies).await?;
            self.stream.get_mut().flush().await
        };
        let sent = timeout_at(Instant::now() + patience, sending).await;
        Ok(sent.map_err(|_| NoLine::Late)??)
    }

    /// Sends what was said, and takes what the client is still sending: a connection that is closed before is reset, and the last
    /// reply may be lost with it.
    pub(crate) async fn leave(mut self, patience: Duration) {
        if self.flush(patience).await.is_err() || self.stream.get_mut().shutdown().await.is_err() {
            return;
        }
        let mut rest = self.stream.take(MOST_LEFT);
        let mut nowhere = sink();
        let taking = copy(&mut rest, &mut nowhere);
        // However that ends, the connection is closed then.
        let _ = timeout_at(Instant::now() + LINGER, taking).await;
    }

    /// Gives the stream back; none, if the client has sent more than it may know yet.
    pub(crate) fn into_stream(self) -> Option<S> {
        let is_all_read = self.stream.buffer().is_empty();
        is_all_read.then(|| self.stream.into_inner())
    }

    async fn read(&mut self, longest: usize, until: Instant) -> Result<(), NoLine> {
        self.line.clear();
        let reading = read(&mut self.stream, &mut self.line, longest);
        timeout_at(until, reading)
            .await
            .unwrap_or(Err(NoLine::Late))
    }
}

/// Reads a line without its end.
async fn read<S: AsyncBufRead + Unpin>(
    stream: &mut S,
    line: &mut Vec<u8>,
    longest: usize,
) -> Result<(), NoLine> {
    loop {
        let there = stream.fill_buf().await?;
        if there.is_empty() {
            return Err(NoLine::Gone);
        }
        let end = there.iter().position(|byte| *byte == b'\n');
        let take = end.map_or(there.len(), |end| end + 1);
        if line.len() + take > longest {
            return Err(NoLine::Long);
        }
        line.extend_from_slice(&there[..take]);
        stream.consume(take);
        if end.is_none() {
            continue;
        }
        if !line.ends_with(b"\r\n") {
            return Err(NoLine::Bare);
        }
        line.truncate(line.len() - 2);
        return match line.contains(&b'\r') {
            true => Err(NoLine::Bare),
            false => Ok(()),
        };
    }
}
