//! The example of Majordomo, in one process and in four.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::curl::{Answer, curl};
use crate::support::{Files, Process, compysition, examples};

fn start(socket: &Path, names: &[&str], sets: &[&str]) -> Process {
    let mut command = compysition(["run", "--log", "json"]);
    for name in names {
        command.arg(examples().join("majordomo").join(name));
    }
    command.arg(format!("--set=broker=ipc://{}", socket.display()));
    for set in sets {
        command.arg(format!("--set={set}"));
    }
    Process::start(&mut command)
}

fn ask(url: &str, item: &str) -> Answer {
    let body = json!({ "item": item, "count": 4 }).to_string();
    let url = format!("{url}/price");
    curl(&[
        "--header",
        "content-type: application/json",
        "--data",
        &body,
        &url,
    ])
}

fn price(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut price = answer.json();
    assert_eq!(price["price"], 12, "{price}");
    price["by"].take()
}

#[test]
fn it_runs_in_one_process() {
    let files = Files::new();
    let socket = files.write("broker.sock", "");
    let names = ["front.yaml", "broker.yaml", "worker.yaml"];
    let mut process = start(&socket, &names, &["listen=127.0.0.1:0"]);
    let url = process.url();
    assert_eq!(price(&ask(&url, "nut")), "worker");
    let ended = process.stop();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn it_runs_in_four_processes_in_any_order() {
    let files = Files::new();
    let socket = files.write("broker.sock", "");
    let mut front = start(&socket, &["front.yaml"], &["listen=127.0.0.1:0"]);
    let url = front.url();
    // The first request is there before everybody else.
    let early = std::thread::spawn({
        let url = url.clone();
        move || ask(&url, "early")
    });
    let one = start(&socket, &["worker.yaml"], &["who=one"]);
    let mut broker = start(&socket, &["broker.yaml"], &[]);
    assert_eq!(price(&early.join().unwrap()), "one");
    let two = start(&socket, &["worker.yaml"], &["who=two"]);
    // Each has four connections, and who was idle for longest is next: as soon as all are there, they have half of the work each.
    let share = |count: usize| {
        let all = (0..count).map(|_| price(&ask(&url, "nut")));
        all.filter(|by| *by == "two").count()
    };
    let mut rounds = 0;
    while share(8) != 4 {
        rounds += 1;
        assert!(rounds < 1_000, "one of them has less to do");
    }
    assert_eq!(share(40), 20);
    // One is gone without a word, and the other does all of the work.
    drop(one);
    assert_eq!(price(&ask(&url, "nut")), "two");
    let code = two.stop().code;
    assert_eq!(code, Some(0));
    // There is nobody left: the broker gives it up, and says so to the client.
    let lost = ask(&url, "nut");
    assert_eq!(lost.status, 504, "{lost:?}");
    broker.await_log("no worker for `price` was there in time");
    for process in [front, broker] {
        let ended = process.stop();
        assert_eq!(ended.code, Some(0), "{ended:#?}");
    }
}

#[test]
fn the_program_makes_keys() {
    let files = Files::new();
    let socket = files.write("broker.sock", "");
    let directory = socket.parent().unwrap();
    let keys = || {
        let mut command = compysition(["keys", "server", "--directory"]);
        command.arg(directory).output().unwrap()
    };
    let made = keys();
    assert!(made.status.success(), "{made:?}");
    let paths = String::from_utf8(made.stdout).unwrap();
    let paths: Vec<&str> = paths.lines().collect();
    let [public, secret] = paths[..] else {
        panic!("{paths:?}");
    };
    let [public, secret] = [public, secret].map(|path| fs::read_to_string(path).unwrap());
    assert!(public.contains("public-key") && !public.contains("secret-key"));
    assert!(secret.contains("secret-key"));
    // Keys that may be in use are not written over.
    let again = keys();
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    let says = String::from_utf8(again.stderr).unwrap();
    assert!(says.contains("is there already"), "{says}");
}
