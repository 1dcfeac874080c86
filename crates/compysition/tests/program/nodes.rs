//! Program A in three processes: the same answers, whoever is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;

use serde_json::Value;

use crate::support::{Files, Process, compysition, examples};

/// How many times a process is killed; `KILLS=200` tries longer.
fn kills() -> usize {
    let kills = std::env::var("KILLS").ok();
    kills.and_then(|kills| kills.parse().ok()).unwrap_or(10)
}

/// The gateway as one process for the door and two for the work, and its executor.
struct Nodes {
    gateway: Process,
    executor: Process,
    address: String,
    /// The processes of the work, by the number of the replica.
    workers: [u64; 2],
    _files: Files,
}

impl Nodes {
    fn start() -> Nodes {
        let files = Files::new();
        files.copy(&examples().join("xml_gateway"));
        let gateway = std::fs::read_to_string(files.path().join("gateway.yaml")).unwrap();
        let nodes = format!(
            "{gateway}\nnodes: {{ front: \"ipc://{}/front\", work: {{ replicas: 2 }} }}\nplace: {{ front: [http, auth], work: \"*\" }}\n",
            files.path().display()
        );
        files.write("gateway.yaml", &nodes);
        let listen = ["--set", "listen=127.0.0.1:0"];
        let (executor, url) = Process::serve(&files.path().join("executor.yaml"), &listen);
        let executor_is = format!("executor={url}");
        let args = [&listen[..], &["--set", &executor_is, "--all"]].concat();
        let mut gateway = Process::run(&files.path().join("gateway.yaml"), &args);
        let mut workers = [0; 2];
        for _ in 0..3 {
            let (name, process) = started(&gateway.await_log("is started"));
            if let Some(replica) = name.strip_prefix("work ") {
                workers[replica.parse::<usize>().unwrap() - 1] = process;
            }
        }
        let url = gateway.url();
        for _ in 0..4 {
            gateway.await_log("\"connected\"");
        }
        Nodes {
            gateway,
            executor,
            address: url.strip_prefix("http://").unwrap().to_owned(),
            workers,
            _files: files,
        }
    }

    /// Kills one of the workers, and waits until it is there again.
    fn kill(&mut self, replica: usize) {
        kill(self.workers[replica]);
        let line = self
            .gateway
            .await_log(&format!("node work {} is started", replica + 1));
        self.workers[replica] = started(&line).1;
        let again = format!("\"replica\":\"{}\"", replica + 1);
        loop {
            let line = self.gateway.await_log("\"connected\"");
            if line.contains(&again) && line.contains("\"process\":\"work\"") {
                return;
            }
        }
    }

    fn stop(self) {
        let ended = self.gateway.stop();
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        let refused = ended
            .log
            .iter()
            .find(|line| line.contains("is connected already"));
        assert_eq!(refused, None, "who was killed kept the next one out");
        assert_eq!(self.executor.stop().code, Some(0));
    }
}

/// Returns which node was started, and its process.
fn started(line: &str) -> (String, u64) {
    let line: Value = serde_json::from_str(line).unwrap();
    let message = line["message"].as_str().unwrap();
    let name = message.strip_prefix("node ").unwrap();
    let name = name.strip_suffix(" is started").unwrap();
    (name.to_owned(), line["process"].as_u64().unwrap())
}

fn kill(process: u64) {
    let killed = Command::new("kill")
        .args(["-KILL", &process.to_string()])
        .status();
    assert!(killed.unwrap().success());
}

/// A client with a connection of its own.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: &str) -> Client {
        Client(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    /// Orders so many books, and returns the status and the body of the one answer.
    fn order(&mut self, count: u32) -> (u16, String) {
        let order = format!("<order><item>book</item><count>{count}</count></order>");
        let length = order.len();
        write!(
            self.0.get_mut(),
            "POST /submit HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\
             Content-Type: application/xml\r\nContent-Length: {length}\r\n\r\n{order}"
        )
        .unwrap();
        let mut status = String::new();
        self.0.read_line(&mut status).unwrap();
        let mut length = 0;
        loop {
            let mut header = String::new();
            self.0.read_line(&mut header).unwrap();
            let header = header.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(given) = header.strip_prefix("content-length: ") {
                length = given.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        (status, String::from_utf8(body).unwrap())
    }
}

#[test]
fn every_request_is_answered_once_while_its_workers_are_killed() {
    let mut nodes = Nodes::start();
    let address = nodes.address.clone();
    let is_over = AtomicBool::new(false);
    let (good, lost) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for client in 0..4 {
            let (address, is_over, good, lost) = (&address, &is_over, &good, &lost);
            scope.spawn(move || {
                let mut connection = Client::connect(address);
                let mut number = 0;
                while !is_over.load(SeqCst) {
                    number += 1;
                    let count = client * 100_000 + number;

                    let (status, body) = connection.order(count);
                    match status {
                        200 => {
                            let price = format!("<price>{:.2}</price>", f64::from(count) * 12.5);
                            assert!(body.contains(&price), "{count}: {body}");
                            good.fetch_add(1, SeqCst);
                        }
                        503 => {
                            assert!(
                                body.contains("is lost") || body.contains("is not there"),
                                "{body}"
                            );
                            lost.fetch_add(1, SeqCst);
                        }
                        other => panic!("{other}: {body}"),
                    }
                }
            });
        }
        for number in 0..kills() {
            let before = good.load(SeqCst);
            crate::support::await_that("a good answer", || good.load(SeqCst) > before);
            nodes.kill(number % 2);
        }
        is_over.store(true, SeqCst);
    });
    println!(
        "{} good, {} lost, {} killed",
        good.load(SeqCst),
        lost.load(SeqCst),
        kills()
    );
    assert!(good.load(SeqCst) > lost.load(SeqCst));
    nodes.stop();
}

#[test]
fn a_front_that_is_killed_serves_again_and_what_it_asked_for_is_forgotten() {
    let mut nodes = Nodes::start();
    let mut client = Client::connect(&nodes.address);
    assert_eq!(client.order(2).0, 200);
    let line = nodes.gateway_line_of_front();
    kill(line);
    let url = nodes.gateway.url();
    let mut client = Client::connect(url.strip_prefix("http://").unwrap());
    assert_eq!(client.order(2).0, 200);
    nodes.stop();
}

impl Nodes {
    /// Returns the process of the front: the youngest child that runs it.
    fn gateway_line_of_front(&self) -> u64 {
        let parent = self.gateway.id();
        let entries = std::fs::read_dir("/proc")
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let is_front = |path: &Path| {
            let command = std::fs::read_to_string(path.join("cmdline")).unwrap_or_default();
            command.contains(&format!("--parent\0{parent}\0"))
                && command.contains("--node\0front\0")
        };
        let mut fronts = entries.filter(|path| is_front(path));
        let front = fronts.next().unwrap();
        front
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .parse()
            .unwrap()
    }
}

#[test]
fn a_node_or_replica_that_is_not_there_is_told_apart() {
    let files = Files::new();
    files.write(
        "f.yaml",
        "name: f\nactors: { g: event_generator, o: stdout }\nconnect: [g -> o]\n\
         nodes: { front: \"tcp://127.0.0.1:1\", work: {} }\nplace: { front: [g], work: [o] }\n",
    );
    let told = |words: &[&str]| {
        let mut command = compysition(["run", "f.yaml"]);
        let output = command.args(words).current_dir(files.path()).output();
        String::from_utf8(output.unwrap().stderr).unwrap()
    };
    let none = told(&["--node", "frunt"]);
    let wanted = "error: none of the flows has a node `frunt`; there are front, work\n";
    assert!(none.contains(wanted), "{none}");
    let few = told(&["--node", "work", "--replica", "3"]);
    let wanted =
        "error: node `work` has no replica 3, but 1 (`replicas` in `nodes` says how many)\n";
    assert!(few.contains(wanted), "{few}");
}
