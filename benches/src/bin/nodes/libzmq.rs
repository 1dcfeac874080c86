//! The yardstick: a small C program on libzmq.

use std::process::{Command, Stdio};

use crate::Done;

pub(crate) struct Libzmq {
    program: String,
}

impl Libzmq {
    pub(crate) fn new(program: String) -> Libzmq {
        Libzmq { program }
    }

    /// Returns how many messages a second go from PUSH to PULL.
    pub(crate) fn rate(&self, address: &str, bytes: usize, count: usize) -> Done<f64> {
        self.run("rate", address, bytes, count)
    }

    /// Returns how many microseconds it takes from REQ to REP and back.
    pub(crate) fn trip(&self, address: &str, bytes: usize, count: usize) -> Done<f64> {
        self.run("trip", address, bytes, count)
    }

    fn run(&self, what: &str, address: &str, bytes: usize, count: usize) -> Done<f64> {
        let output = Command::new(&self.program)
            .args([what, address, &bytes.to_string(), &count.to_string()])
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("{} ended with {}", self.program, output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    }
}

/// Returns an address with a port that was free just now.
pub(crate) fn tcp() -> String {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr());
    // Where there is none, libzmq says so.
    format!(
        "tcp://127.0.0.1:{}",
        port.map_or(0, |address| address.port())
    )
}

pub(crate) fn ipc() -> String {
    crate::ipc_of("libzmq")
}
