//! Every request gets exactly one answer, and nothing is executed twice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Instant;

use super::executor::Executor;
use super::proxy::Proxy;
use super::{BOUNDS, Chance, HARMS, HARMS_WITH_KEYS, Node, Tally, faults, harm, own_address};
use crate::support::{DEADLINE, Files, await_that, compysition};

const CLIENTS: usize = 4;

fn flow(with_keys: bool) -> String {
    let keys = |name: &str| match with_keys {
        true => format!(", keys: keys/{name}"),
        false => String::new(),
    };
    let (front, work) = (keys("front"), keys("work"));
    format!(
        "
name: orders
settings: {{ listen: '127.0.0.1:0', front: , executor: }}
limits: {{ {BOUNDS} }}
actors:
  http: {{ http_server: {{ address: '${{listen}}' }} }}
  ask:  {{ http_client: {{ url: '${{executor}}/', method: POST }}, timeout: 20s }}
connect:
  - http -> ask -> reply
  - ask.error -> reply
nodes: {{ front: {{ listen: '${{front}}'{front} }}, work: {{ replicas: 2{work} }} }}
place: {{ front: [http], work: [ask] }}
"
    )
}

/// What became of an order.
enum Got {
    Done,
    /// It may have been executed.
    Lost,
    /// The front was killed before it answered.
    Broken,
}

/// Sends an order, and returns what all that came back before the end of the connection says.
fn order(address: &str, order: &str) -> Got {
    let Ok(mut connection) = TcpStream::connect(address) else {
        return Got::Broken;
    };
    connection.set_read_timeout(Some(DEADLINE)).unwrap();
    let length = order.len();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{order}"
    );
    let sent = connection.write_all(request.as_bytes());
    let mut answer = String::new();
    let read = sent.and_then(|()| connection.read_to_string(&mut answer));
    if let Err(error) = &read {
        let is_hanging = error.kind() == std::io::ErrorKind::WouldBlock;
        assert!(!is_hanging, "order {order} is not answered");
    }
    if read.is_err() || answer.is_empty() {
        return Got::Broken;
    }
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    match head.split(' ').nth(1).unwrap() {
        "200" => {
            assert_eq!(body, format!("done {order}"));
            Got::Done
        }
        "503" => {
            let is_true = body.contains("it may have done it") || body.contains("is not there");
            assert!(is_true, "{body}");
            Got::Lost
        }
        other => panic!("{other}: {body}"),
    }
}

fn holds(with_keys: bool) {
    let began = Instant::now();
    let (files, executor) = (Files::new(), Executor::start());
    if with_keys {
        std::fs::create_dir(files.path().join("keys")).unwrap();
        ["front", "work"]
            .iter()
            .for_each(|name| make_keys(&files, name));
    }
    let harms = if with_keys { HARMS_WITH_KEYS } else { HARMS };
    let flow = files.flow(&flow(with_keys));
    let front = own_address();
    let settings = |front: String| [("front", front), ("executor", executor.url.clone())];
    let mut front_node = Node::start(
        flow.clone(),
        "front",
        1,
        &settings(format!("tcp://{front}")),
    );
    let proxies = [(); 2].map(|()| Proxy::before(&front));
    let mut workers = [0, 1].map(|index| {
        let settings = settings(proxies[index].address());
        Node::start(flow.clone(), "work", index + 1, &settings)
    });
    let address = |node: &mut Node| node.process.url().replace("http://", "");
    let door = Mutex::new(address(&mut front_node));
    let (is_over, killed) = (AtomicBool::new(false), AtomicU64::new(0));
    let [done, lost, broken] = [(); 3].map(|()| AtomicU64::new(0));
    let mut tally = Tally::default();
    let answered: Vec<Vec<(String, u32)>> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (door, is_over, killed) = (&door, &is_over, &killed);
                let (done, lost, broken) = (&done, &lost, &broken);
                scope.spawn(move || {
                    let mut sent = Vec::new();
                    for number in 0.. {
                        if is_over.load(SeqCst) {
                            break;
                        }
                        let name = format!("{client}-{number}");
                        let (address, before) = (door.lock().unwrap().clone(), killed.load(SeqCst));
                        let (count, most) = match order(&address, &name) {
                            Got::Done => (done, 1),
                            Got::Lost => (lost, 0),
                            Got::Broken => {
                                await_that("a killed front", || killed.load(SeqCst) > before);
                                (broken, 0)
                            }
                        };
                        count.fetch_add(1, SeqCst);
                        sent.push((name, most));
                    }
                    sent
                })
            })
            .collect();
        let mut chance = Chance::new();
        for _ in 0..faults(8) {
            let before = done.load(SeqCst);
            let worker = chance.below(2);
            tally.add(match chance.below(harms + 4) {
                0 => {
                    // Under the lock, so that who sees that the number has grown finds the new address.
                    let mut door = door.lock().unwrap();
                    killed.fetch_add(1, SeqCst);
                    front_node.kill();
                    *door = address(&mut front_node);
                    "the front is killed"
                }
                1..=3 => {
                    workers[worker].kill();
                    workers[worker].process.await_log("\"connected\"");
                    "a worker is killed"
                }
                other => harm(&proxies[worker], other - 4),
            });
            await_that("good answers", || done.load(SeqCst) >= before + 10);
        }
        is_over.store(true, SeqCst);
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });
    let mut repeated = 0;
    for (name, least) in answered.into_iter().flatten() {
        let count = executor.count(&name);
        assert!(count >= least, "{name} was not executed");
        repeated += count.saturating_sub(1);
    }
    let [one, two] = workers;
    Node::stop_all([one, two, front_node]);
    println!(
        "{} faults in {:.1?}: {:?}; {} done, {} lost, {} broken off with the front, {repeated} executed twice",
        tally.0.values().sum::<usize>(),
        began.elapsed(),
        tally.0,
        done.load(SeqCst),
        lost.load(SeqCst),
        broken.load(SeqCst),
    );
    assert_eq!(repeated, 0);
}

fn make_keys(files: &Files, name: &str) {
    let mut command = compysition(["keys", name, "--directory"]);
    let made = command.arg(files.path().join("keys")).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}

#[test]
fn every_request_is_answered_once_whatever_breaks() {
    holds(false);
}

#[test]
fn every_request_is_answered_once_whatever_breaks_with_keys() {
    holds(true);
}
