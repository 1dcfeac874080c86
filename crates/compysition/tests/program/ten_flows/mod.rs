//! The ten flows of everyday integration work, with small real peers: what they do, and what happens when a peer is down. What is stated here is
//! what `docs/guide/ten_flows.md` says.

mod files;
mod guide;
mod mail;
mod once;
mod orders;
mod parts;
mod requests;
mod workers;

use std::path::PathBuf;

use crate::support::{Files, Process, examples};

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9";

/// A flow among the ten.
fn flow(name: &str) -> PathBuf {
    examples().join(format!("ten_flows/{name}.yaml"))
}

/// A peer that speaks HTTP: a flow of its own, which prints what it is asked.
struct Peer {
    process: Process,
    url: String,
    _files: Files,
}

impl Peer {
    /// Starts a flow that has the setting `listen`.
    fn start(text: &str) -> Peer {
        Peer::at("127.0.0.1:0", text)
    }

    fn at(listen: &str, text: &str) -> Peer {
        let files = Files::new();
        let listen = format!("listen={listen}");
        let (process, url) = Process::serve(&files.write("peer.yaml", text), &["--set", &listen]);
        Peer {
            process,
            url,
            _files: files,
        }
    }

    /// Starts one that prints the body of each request to `/`, and answers it with that.
    fn echo() -> Peer {
        Peer::start(ECHO)
    }

    /// Waits for the next line that it prints; what ends with a line break is followed by an empty one.
    fn next(&mut self) -> String {
        loop {
            let line = self.process.next_output();
            if !line.is_empty() {
                return line;
            }
        }
    }
}

const ECHO: &str = r#"
name: echo
settings: { listen: }
actors:
  http: { http_server: { address: "${listen}" } }
  seen: stdout
connect: [http -> seen -> reply]
"#;

/// Writes `--set NAME=VALUE` for each of them.
fn sets(values: &[(&str, &str)]) -> Vec<String> {
    let values = values.iter();
    values
        .flat_map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")])
        .collect()
}

/// Starts a flow among the ten that has a door.
fn serve(name: &str, values: &[(&str, &str)]) -> (Process, String) {
    let sets = sets(&[&[("listen", "127.0.0.1:0")], values].concat());
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    Process::serve(&flow(name), &sets)
}

/// Starts a flow among the ten that has none.
fn run(name: &str, values: &[(&str, &str)]) -> Process {
    let sets = sets(values);
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    Process::run(&flow(name), &sets)
}

/// Stops a flow, which had nothing left to do.
fn stop(process: Process) {
    let ended = process.stop();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}
