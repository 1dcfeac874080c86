//! What executes orders, and counts how often it has executed each.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::pause;

/// A back-end over HTTP; it goes on until the tests end.
pub(super) struct Executor {
    pub(super) url: String,
    counts: Arc<Mutex<HashMap<String, u32>>>,
}

impl Executor {
    pub(super) fn start() -> Executor {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let counts = Arc::new(Mutex::new(HashMap::new()));
        let known = counts.clone();
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let counts = known.clone();
                thread::spawn(move || serve(connection, &counts));
            }
        });
        Executor { url, counts }
    }

    /// Returns how often an order was executed.
    pub(super) fn count(&self, order: &str) -> u32 {
        let counts = self.counts.lock().unwrap();
        counts.get(order).copied().unwrap_or_default()
    }
}

/// Executes one order. What is not there as a whole is none.
fn serve(connection: TcpStream, counts: &Mutex<HashMap<String, u32>>) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).ok()? > 2 {
        if let Some(given) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = given.trim().parse().ok()?;
        }
        line.clear();
    }
    let mut order = vec![0; length];
    reader.read_exact(&mut order).ok()?;
    let order = String::from_utf8(order).ok()?;
    *counts.lock().unwrap().entry(order.clone()).or_default() += 1;
    // So that it is under way for a while.
    pause(Duration::from_millis(order.len() as u64 % 3 * 5));
    let body = format!("done {order}");
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {length}");
    // At once, or the second part waits until the first is acknowledged.
    let answer = format!("{head}\r\nconnection: close\r\n\r\n{body}");
    reader.get_mut().write_all(answer.as_bytes()).ok()
}
