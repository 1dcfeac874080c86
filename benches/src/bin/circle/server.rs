//! A server in a process of its own, so that its memory and its core are its own.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use tokio::runtime::Builder;

use crate::{axum_peer, flow};

/// The bounds that both servers keep.
pub(crate) const BODY_LIMIT: usize = 1 << 20;
pub(crate) const SECONDS: u64 = 30;

/// A running server; it ends when it is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    /// Starts this program once more, as a server.
    pub(crate) fn start(name: &str) -> Result<Server, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", name])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut server = Server {
            process,
            address: String::new(),
        };
        BufReader::new(output).read_line(&mut server.address)?;
        server.address.truncate(server.address.trim_end().len());
        if server.address.is_empty() {
            return Err(format!("the server `{name}` did not start").into());
        }
        Ok(server)
    }
}

impl Server {
    /// Returns the CPU time, in microseconds, that all threads of the server have used so far.
    pub(crate) fn cpu_time(&self) -> Result<f64, Box<dyn Error>> {
        let mut nanoseconds = 0.0;
        for task in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            // The first number; /proc/PID/stat would count in hundredths of a second.
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let first = text.split_whitespace().next().unwrap_or("0");
            nanoseconds += first.parse::<f64>()?;
        }
        Ok(nanoseconds / 1e3)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until the process is ended.
pub(crate) fn serve(name: &str) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    match name {
        "axum" => runtime.block_on(axum_peer::serve()),
        "compysition" => runtime.block_on(flow::serve()),
        other => Err(format!("there is no server `{other}`").into()),
    }
}

/// Tells the parent process where the server listens.
pub(crate) fn announce(address: std::net::SocketAddr) -> std::io::Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{address}")?;
    output.flush()
}
