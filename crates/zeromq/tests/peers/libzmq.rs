//! libzmq on the other side: a Python program with pyzmq that does what a test says.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// Starts a Python that has pyzmq; `make test` installs it.
pub(crate) fn python() -> Command {
    let has_it = |python: &&&str| {
        let tried = Command::new(python).args(["-c", "import zmq"]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let known = ["/usr/bin/python3", "python3"];
    let python = known.iter().find(has_it);
    Command::new(
        python.expect("there is no python3 with zmq; on Debian: apt-get install python3-zmq"),
    )
}

/// The directory of the scripts.
pub(crate) fn script(name: &str) -> std::path::PathBuf {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("tests/peers").join(name)
}

pub(crate) struct Libzmq {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Libzmq {
    pub(crate) fn start() -> Libzmq {
        let mut child = python()
            .arg(script("libzmq.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Libzmq {
            orders: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    pub(crate) fn order(&mut self, order: Value) -> Value {
        let orders = self.orders.as_mut().unwrap();
        writeln!(orders, "{order}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{order}: {line}: {error}"))
    }

    /// Opens a socket that listens or connects, and returns where.
    pub(crate) fn open(&mut self, name: &str, kind: &str, how: Value) -> String {
        let mut order = json!({ "do": "open", "name": name, "kind": kind });
        for (key, value) in how.as_object().unwrap() {
            order[key] = value.clone();
        }
        self.order(order).as_str().unwrap().to_owned()
    }

    pub(crate) fn send(&mut self, name: &str, frames: &[&str]) {
        let frames: Vec<String> = frames.iter().map(|frame| hex(frame.as_bytes())).collect();
        self.order(json!({ "do": "send", "name": name, "frames": frames }));
    }

    pub(crate) fn recv(&mut self, name: &str) -> Vec<String> {
        let frames = self.order(json!({ "do": "recv", "name": name }));
        let frames = frames.as_array().expect("nothing came");
        let text = |frame: &Value| {
            let digits = frame.as_str().unwrap().as_bytes();
            let byte =
                |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        frames.iter().map(text).collect()
    }

    /// Receives the frames as they are, in hexadecimal.
    pub(crate) fn take(&mut self, name: &str) -> Vec<String> {
        let frames = self.order(json!({ "do": "recv", "name": name }));
        serde_json::from_value(frames).expect("nothing came")
    }

    /// Sends frames that are given in hexadecimal.
    pub(crate) fn give(&mut self, name: &str, frames: &[String]) {
        self.order(json!({ "do": "send", "name": name, "frames": frames }));
    }

    /// Tells whether nothing comes in so many milliseconds.
    pub(crate) fn hears_nothing(&mut self, name: &str, wait: u32) -> bool {
        let heard = self.order(json!({ "do": "recv", "name": name, "wait": wait }));
        heard.is_null()
    }

    /// Tells whether something else comes, or nothing in so many milliseconds.
    pub(crate) fn hears_other(&mut self, name: &str, text: &str, wait: u32) -> bool {
        let heard = self.order(json!({ "do": "recv", "name": name, "wait": wait }));
        heard != json!([hex(text.as_bytes())])
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.order(json!({ "do": "close", "name": name }));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Drop for Libzmq {
    fn drop(&mut self) {
        drop(self.orders.take());
        // A test that has failed must not hang here.
        if std::thread::panicking() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
