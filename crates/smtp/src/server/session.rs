//! A client's connection, from the greeting to the goodbye.

use std::sync::Arc;
use std::time::Duration;

use compysition_core::Source;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::server::command::Command;
use crate::server::envelope::{Client, Envelope};
use crate::server::lines::{Lines, NoLine};
use crate::server::login;
use crate::server::rules::Rules;

/// How many commands may be wrong, and how many logins, until the connection is closed.
const MOST_WRONG: u32 = 20;
const MOST_WRONG_LOGINS: u32 = 3;

/// What all connections of a server have in common.
pub(crate) struct Host {
    pub(crate) rules: Arc<Rules>,
    pub(crate) source: Source,
    pub(crate) acceptor: Option<TlsAcceptor>,
}

/// Serves one connection.
pub(crate) async fn serve(host: Arc<Host>, stream: TcpStream, client: Client) {
    let is_implicit = host.rules.tls.as_ref().is_some_and(|tls| tls.implicit);
    let stream = match is_implicit {
        true => Some(stream),
        false => Session::new(&host, stream, client.clone()).run(true).await,
    };
    let (Some(stream), Some(acceptor)) = (stream, &host.acceptor) else {
        return;
    };
    let accepted = timeout(host.rules.idle_timeout.0, acceptor.accept(stream)).await;
    let Ok(Ok(stream)) = accepted else {
        return;
    };
    // What was said before is forgotten: anybody could have said it.
    let client = Client {
        address: client.address,
        is_secure: true,
        ..Client::default()
    };
    Session::new(&host, stream, client).run(is_implicit).await;
}

/// What becomes of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Command,
    Starttls,
    Close,
}

/// What is known of a client, and what it has said so far.
pub(crate) struct Session<'a, S> {
    pub(crate) host: &'a Host,
    pub(crate) lines: Lines<S>,
    pub(crate) client: Client,
    pub(crate) envelope: Option<Envelope>,
    wrong: u32,
    wrong_logins: u32,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Session<'a, S> {
    fn new(host: &'a Host, stream: S, client: Client) -> Session<'a, S> {
        Session {
            host,
            lines: Lines::new(stream),
            client,
            envelope: None,
            wrong: 0,
            wrong_logins: 0,
        }
    }

    /// Does what the client says until it goes. Returns the stream if it is to be encrypted.
    async fn run(mut self, greets: bool) -> Option<S> {
        if greets {
            self.lines.say("220 compysition ESMTP");
        }
        let next = loop {
            match self.step().await {
                Ok(Next::Command) => {}
                Ok(next) => break next,
                Err(NoLine::Gone) => return None,
                Err(why) => {
                    self.lines.say(why.reply());
                    let idle = self.idle();
                    self.lines.leave(idle).await;
                    return None;
                }
            }
        };
        // A client that takes no last reply needs none.
        let _ = self.lines.flush(self.idle()).await;
        match next {
            Next::Starttls => self.lines.into_stream(),
            _ => None,
        }
    }

    pub(crate) fn idle(&self) -> Duration {
        self.host.rules.idle_timeout.0
    }

    async fn line(&mut self) -> Result<Vec<u8>, NoLine> {
        let (idle, stopping) = (self.idle(), self.host.source.stopping());
        tokio::select! {
            line = self.lines.command(idle) => Ok(line?.to_vec()),
            () = stopping => Err(NoLine::Stopping),
        }
    }

    async fn step(&mut self) -> Result<Next, NoLine> {
        let line = self.line().await?;
        let command = match Command::parse(&line) {
            Ok(command) => command,
            Err(wrong) => return Ok(self.refuse(wrong)),
        };
        match command {
            Command::Ehlo(name) => self.meet(name, true),
            Command::Helo(name) => self.meet(name, false),
            Command::Mail(from, size) => return Ok(self.begin(from, size)),
            Command::Rcpt(to) => return Ok(self.add(to)),
            Command::Data => return self.data().await,
            Command::Rset => {
                self.envelope = None;
                self.lines.say("250 2.0.0 forgotten");
            }
            Command::Noop => self.lines.say("250 2.0.0 nothing done"),
            Command::Vrfy => self.lines.say("252 2.5.1 send it, and see"),
            Command::Quit => {
                self.lines.say("221 2.0.0 goodbye");
                return Ok(Next::Close);
            }
            Command::Starttls if self.may_encrypt() => {
                self.lines.say("220 2.0.0 go ahead");
                return Ok(Next::Starttls);
            }
            Command::Starttls => return Ok(self.refuse("502 5.5.1 there is no STARTTLS here")),
            Command::Auth(mechanism, initial) => {
                return self.log_in(mechanism, initial).await;
            }
        }
        Ok(Next::Command)
    }

    /// Says no, and that too often was wrong if it was.
    pub(crate) fn refuse(&mut self, reply: &str) -> Next {
        self.lines.say(reply);
        self.wrong += 1;
        match self.wrong < MOST_WRONG {
            true => Next::Command,
            false => {
                self.lines.say("421 4.7.0 too much was wrong");
                Next::Close
            }
        }
    }

    fn may_encrypt(&self) -> bool {
        self.host.acceptor.is_some() && !self.client.is_secure
    }

    fn may_log_in(&self) -> bool {
        self.client.is_secure && !self.host.rules.users.is_empty()
    }

    fn meet(&mut self, name: &str, is_extended: bool) {
        self.envelope = None;
        self.client.name = name.to_owned();
        if !is_extended {
            return self.lines.say("250 compysition");
        }
        self.lines.say("250-compysition");
        if self.may_encrypt() {
            self.lines.say("250-STARTTLS");
        }
        if self.may_log_in() {
            self.lines.say("250-AUTH PLAIN LOGIN");
        }
        self.lines.say("250-PIPELINING");
        self.lines.say("250-8BITMIME");
        self.lines.say("250-ENHANCEDSTATUSCODES");
        let size = format!("250 SIZE {}", self.host.rules.max_message.0);
        self.lines.say(&size);
    }

    fn begin(&mut self, from: &str, size: Option<u64>) -> Next {
        let rules = &self.host.rules;
        let needs_tls = rules.tls.as_ref().is_some_and(|tls| tls.required);
        let wrong = match size {
            _ if self.client.name.is_empty() => "503 5.5.1 say EHLO first",
            _ if self.envelope.is_some() => "503 5.5.1 one message after the other",
            _ if needs_tls && !self.client.is_secure => "530 5.7.0 say STARTTLS first",
            _ if !rules.users.is_empty() && self.client.user.is_none() => "530 5.7.0 log in first",
            Some(size) if size > rules.max_message.0 as u64 => "552 5.3.4 the message is too large",
            size => {
                self.envelope = Some(Envelope {
                    from: from.to_owned(),
                    to: Vec::new(),
                    size,
                });
                self.lines.say("250 2.1.0 go on");
                return Next::Command;
            }
        };
        self.refuse(wrong)
    }

    fn add(&mut self, to: &str) -> Next {
        let rules = &self.host.rules;
        let Some(envelope) = &mut self.envelope else {
            return self.refuse("503 5.5.1 say MAIL first");
        };
        if !rules.takes(to) {
            return self.refuse("550 5.1.1 there is no such receiver here");
        }
        if envelope.to.len() >= rules.max_recipients {
            return self.refuse("452 4.5.3 that are too many receivers");
        }
        envelope.to.push(to.to_owned());
        self.lines.say("250 2.1.5 go on");
        Next::Command
    }

    async fn log_in(&mut self, mechanism: &str, initial: Option<&str>) -> Result<Next, NoLine> {
        let is_plain = mechanism.eq_ignore_ascii_case("PLAIN");
        let wrong = match mechanism {
            _ if self.host.rules.users.is_empty() => "502 5.5.1 there is no login here",
            _ if !self.client.is_secure => "538 5.7.11 encrypt the connection first",
            _ if self.client.user.is_some() => "503 5.5.1 you are logged in",
            _ if self.envelope.is_some() => "503 5.5.1 log in before MAIL",
            _ if !is_plain && !mechanism.eq_ignore_ascii_case("LOGIN") => {
                "504 5.5.4 there are PLAIN and LOGIN"
            }
            _ => "",
        };
        if !wrong.is_empty() {
            return Ok(self.refuse(wrong));
        }
        let first = match initial {
            Some("=") => Vec::new(),
            Some(initial) => initial.as_bytes().to_vec(),
            None if is_plain => self.prompt("334 ").await?,
            None => self.prompt("334 VXNlcm5hbWU6").await?,
        };
        let said = match is_plain {
            true => login::plain(&first),
            false => {
                let password = self.prompt("334 UGFzc3dvcmQ6").await?;
                login::decode(&first).zip(login::decode(&password))
            }
        };
        let Some((user, password)) = said else {
            return Ok(self.refuse("501 5.5.2 that is no login"));
        };
        if login::is_right(&self.host.rules.users, &user, &password) {
            self.client.user = Some(user);
            self.lines.say("235 2.7.0 welcome");
            return Ok(Next::Command);
        }
        self.wrong_logins += 1;
        if self.wrong_logins < MOST_WRONG_LOGINS {
            return Ok(self.refuse("535 5.7.8 user or password is wrong"));
        }
        self.lines.say("421 4.7.0 too many logins were wrong");
        Ok(Next::Close)
    }

    async fn prompt(&mut self, text: &str) -> Result<Vec<u8>, NoLine> {
        self.lines.say(text);
        self.line().await
    }
}
