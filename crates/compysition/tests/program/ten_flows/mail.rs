//! Bulk and poll: files whose end is told by mail.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::files::lines;
use super::{NOBODY, Peer, flow, run, sets, stop};
use crate::support::{Files, Process, await_that, compysition, root};

/// A mail server that shows what it gets.
struct Sink {
    process: Child,
    output: BufReader<ChildStdout>,
    port: String,
}

impl Sink {
    fn start() -> Sink {
        let mut process = Command::new("python3")
            .arg(root().join("crates/smtp/tests/sink.py"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut sink = Sink {
            process,
            output,
            port: String::new(),
        };
        sink.port = sink.line();
        sink
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Waits for the next mail, and returns its subject.
    fn subject(&mut self) -> String {
        let mail: Value = serde_json::from_str(&self.line()).unwrap();
        let data = mail["data"].as_str().unwrap().to_owned();
        let subject = data.lines().find_map(|line| line.strip_prefix("Subject: "));
        subject.unwrap_or_else(|| panic!("{data}")).to_owned()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until there is a file.
fn appears(path: &Path) {
    await_that(&path.display().to_string(), || path.exists());
}

/// Takes rows but those whose name is `bad`.
const API: &str = r#"
name: api
settings: { listen: }
actors:
  http: { http_server: { address: "${listen}" } }
  rows: { filter: { condition: "payload.name != 'bad'", otherwise: bad } }
  refuse: { set: { http.status: 422, payload: bad } }
connect:
  - http -> rows -> reply
  - rows.bad -> refuse -> reply
"#;

#[test]
fn bulk_tells_how_a_file_went_when_its_last_row_is_done() {
    let files = Files::new();
    let folder = files.path();
    for name in ["in", "done", "failed"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    fs::write(folder.join("in/good.csv"), "name\nann\nbob\ncid\n").unwrap();
    let (api, mut sink) = (Peer::start(API), Sink::start());
    let (path, port) = (folder.display().to_string(), sink.port.clone());
    let values = [
        ("folder", &path[..]),
        ("api_url", &api.url),
        ("mail_port", &port),
        ("stable", "0s"),
        ("delay", "10ms"),
    ];
    let process = run("bulk", &values);
    assert_eq!(sink.subject(), "3 ok, 0 failed");
    appears(&folder.join("done/good.csv"));
    fs::write(folder.join("in/mixed.csv"), "name\nann\nbad\ncid\n").unwrap();
    assert_eq!(sink.subject(), "2 ok, 1 failed");
    appears(&folder.join("failed/mixed.csv"));
    stop(process);

    // Nobody takes the rows: each is tried eight times, and then counted.
    fs::write(folder.join("in/lost.csv"), "name\nann\n").unwrap();
    let values = values.map(|(name, value)| (name, if name == "api_url" { NOBODY } else { value }));
    let process = run("bulk", &values);
    assert_eq!(sink.subject(), "0 ok, 1 failed");
    appears(&folder.join("failed/lost.csv"));
    stop(process);

    // Nobody takes the mail: the rows are done, the total is not, and so the file has failed.
    drop(sink);
    fs::write(folder.join("in/untold.csv"), "name\nann\n").unwrap();
    let values = values.map(|(name, value)| {
        (
            name,
            if name == "api_url" {
                &api.url[..]
            } else {
                value
            },
        )
    });
    let mut process = run("bulk", &values);
    process.await_log("mail");
    appears(&folder.join("failed/untold.csv"));
    stop(process);
}

fn poll(files: &Files, port: &str) -> Process {
    let path = files.path().display().to_string();
    let sets = sets(&[
        ("folder", &path[..]),
        ("mail_port", port),
        ("stable", "0s"),
        ("cron", "* * * * * *"),
    ]);
    let mut command = compysition(["run", "--log", "json"]);
    command.env("SMTP_PASSWORD", "right");
    Process::start(command.arg(flow("poll")).args(sets))
}

#[test]
fn poll_makes_json_of_good_files_and_mails_of_bad_ones() {
    let files = Files::new();
    let folder = files.path();
    for name in ["in", "done", "failed", "out"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    let mut sink = Sink::start();
    let process = poll(&files, &sink.port);
    fs::write(
        folder.join("in/a.xml"),
        "<reading><value>3.5</value></reading>",
    )
    .unwrap();
    appears(&folder.join("done/a.xml"));
    let made = lines(&folder.join("out/a.xml.json"), 1);
    assert_eq!(made, [r#"{"reading":{"value":"3.5"}}"#]);
    fs::write(
        folder.join("in/b.xml"),
        "<reading><value>much</value></reading>",
    )
    .unwrap();
    let subject = sink.subject();
    assert!(subject.starts_with("check: "), "{subject}");
    // What was told is in the dead letters as well, and so not lost.
    let dead = lines(&folder.join("dead.jsonl"), 1);
    assert!(dead[0].contains("much"), "{dead:?}");
    appears(&folder.join("done/b.xml"));
    stop(process);

    // Nobody takes the mail: the file is in the dead letters.
    let port = sink.port.clone();
    drop(sink);
    fs::write(folder.join("in/c.xml"), "<reading/>").unwrap();
    let process = poll(&files, &port);
    let dead = lines(&folder.join("dead.jsonl"), 2);
    assert!(dead[1].contains("<reading/>"), "{dead:?}");
    appears(&folder.join("done/c.xml"));
    stop(process);
}
