//! A flow that takes mail, and clients of it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Actor, Context, Director, Error, Event, Flow, Ports, Result};
use compysition_smtp::SmtpIn;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

pub(crate) type Seen = Arc<Mutex<Vec<Event>>>;

/// Keeps what a message says, or fails with what its subject says, or waits until it may go on.
struct Step(Seen, Arc<Notify>);

impl Actor for Step {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        let subject = match event.json() {
            Ok(payload) => payload["subject"].as_str().unwrap_or_default().to_owned(),
            Err(_) => String::new(),
        };
        match subject.as_str() {
            "down" => Err(Error::unavailable("the store is down")),
            "slow" => {
                self.1.notified().await;
                Ok(())
            }
            "bad" => Err(Error::unprocessable("no such\r\norder")),
            _ => {
                let (payload, attribute) = (
                    event.payload().clone(),
                    event.attribute("smtp").unwrap().into_owned(),
                );
                self.0
                    .lock()
                    .push(Event::new(payload).with_attribute("smtp", attribute));
                Ok(())
            }
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

pub(crate) struct Site {
    runtime: tokio::runtime::Runtime,
    flow: Option<Flow>,
    pub(crate) address: SocketAddr,
    pub(crate) seen: Seen,
    pub(crate) go_on: Arc<Notify>,
}

impl Site {
    pub(crate) fn new(more: Value) -> Site {
        let mut settings = json!({ "address": "127.0.0.1:0" });
        settings
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let server: SmtpIn = serde_json::from_value(settings).unwrap();
        let (bound, seen) = (server.bound(), Seen::default());
        let go_on = Arc::new(Notify::new());
        let mut director = Director::new("test");
        let smtp = director.register("smtp", server);
        let step = director.register("step", Step(seen.clone(), go_on.clone()));
        director.connect(smtp, step);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let flow = Some(runtime.block_on(director.start()).unwrap());
        let address = bound.get().unwrap();
        Site {
            runtime,
            flow,
            address,
            seen,
            go_on,
        }
    }

    /// Runs a client of Python's `smtplib`, which is `s`, and returns what it prints.
    pub(crate) fn python(&self, script: &str) -> String {
        let port = self.address.port();
        let script = format!(
            "import smtplib, ssl\nfrom email.message import EmailMessage\ns = smtplib.SMTP('127.0.0.1', {port}, timeout=60)\n{script}\n"
        );
        let output = Command::new("python3")
            .args(["-c", &script])
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let mut client = Client(BufReader::new(stream));
        assert!(client.reply().starts_with("220 "));
        client
    }

    pub(crate) fn taken(&self) -> Vec<Event> {
        std::mem::take(&mut *self.seen.lock())
    }

    pub(crate) fn stop(mut self) {
        let stopped = self.runtime.block_on(self.flow.take().unwrap().stop());
        assert!(stopped.is_clean(), "{stopped:?}");
    }
}

/// A client that says what it likes.
pub(crate) struct Client(pub(crate) BufReader<TcpStream>);

impl Client {
    pub(crate) fn say(&mut self, bytes: &str) {
        // The server may have gone already.
        let _ = self.0.get_mut().write_all(bytes.as_bytes());
    }

    /// Returns the last line of a reply, empty if the server has gone.
    pub(crate) fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            match self.0.read_line(&mut line) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    panic!("neither a reply nor an end came")
                }
                Ok(_) if line.as_bytes().get(3) == Some(&b'-') => continue,
                _ => return line,
            }
        }
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.say(&format!("{line}\r\n"));
        self.reply()
    }

    pub(crate) fn is_closed(&mut self) -> bool {
        self.reply().is_empty()
    }
}
