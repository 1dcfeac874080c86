//! A back-end that answers when the test lets it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use crate::support::DEADLINE;

/// A request that waits for its answer; dropping it closes its connection.
pub(crate) struct Waiting {
    connection: TcpStream,
    pub(crate) body: String,
}

impl Waiting {
    /// Answers with 200.
    pub(crate) fn answer(mut self, body: &str) {
        let length = body.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {length}");
        let answer = format!("{head}\r\nconnection: close\r\n\r\n{body}");
        // Who asked may have gone.
        let _ = self.connection.write_all(answer.as_bytes());
    }
}

/// Listens until it is dropped together with the last client.
pub(crate) struct BackEnd {
    pub(crate) url: String,
    requests: Receiver<Waiting>,
}

impl BackEnd {
    pub(crate) fn start() -> BackEnd {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                thread::spawn(move || read(connection, &sender));
            }
        });
        BackEnd { url, requests }
    }

    /// Waits for the next request.
    pub(crate) fn next(&self) -> Waiting {
        self.requests.recv_timeout(DEADLINE).unwrap()
    }

    /// Returns the requests that come in a moment.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Waiting> {
        self.requests
            .recv_timeout(Duration::from_millis(10))
            .into_iter()
    }
}

/// Reads one request whole.
fn read(connection: TcpStream, requests: &Sender<Waiting>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        let line = std::mem::take(&mut line).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_ok() {
        let body = String::from_utf8_lossy(&body).into_owned();
        // The test may be over.
        let _ = requests.send(Waiting { connection, body });
    }
}
