//! Majordomo, each part of it against one that was written in Python from the RFCs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};

use compysition_actors::AskError;
use compysition_core::{ErrorKind, Event};
use compysition_zeromq::{Bound, MdpBroker, MdpClient, MdpWorker};
use serde_json::{Value, json};

use crate::foreign::keys;
use crate::libzmq::{Libzmq, python, script};
use crate::site::{Intake, Outlet, ipc};

/// One of the scripts, which ends with the test.
struct Script {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Script {
    fn start(name: &str, arguments: &[&str]) -> Script {
        let mut child = python()
            .arg(script(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Script {
            said: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn says(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "it has ended");
        line.trim_end().to_owned()
    }

    fn asks(&mut self, text: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{text}").unwrap();
    }

    fn answer(&mut self, text: &str) -> Value {
        self.asks(text);
        serde_json::from_str(&self.says()).unwrap()
    }

    fn client(version: &str, broker: &str, service: &str) -> Script {
        Script::start("mdp_client.py", &[version, broker, service])
    }

    fn worker(version: &str, broker: &str, name: &str) -> Script {
        Script::start("mdp_worker.py", &[version, broker, "echo", name, "0.5"])
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A flow with a broker, and where that listens.
fn broker(mut settings: Value) -> (Intake, String) {
    if settings.get("bind").is_none() {
        settings["bind"] = "tcp://127.0.0.1:*".into();
    }
    settings["heartbeat"] = "500ms".into();
    let actor: MdpBroker = serde_json::from_value(settings).unwrap();
    let bound: Bound = actor.bound();
    let site = Intake::start(actor, false);
    let endpoint = bound.get()[0].to_string();
    (site, endpoint)
}

fn client(broker: &str, mut settings: Value) -> Outlet {
    settings["broker"] = broker.into();
    if settings.get("service").is_none() {
        settings["service"] = "echo".into();
    }
    Outlet::start(serde_json::from_value::<MdpClient>(settings).unwrap())
}

fn worker(broker: &str, mut settings: Value) -> Intake {
    settings["broker"] = broker.into();
    settings["heartbeat"] = "500ms".into();
    settings["service"] = "echo".into();
    settings["codec"] = "text".into();
    Intake::start(serde_json::from_value::<MdpWorker>(settings).unwrap(), true)
}

pub(crate) fn kind(error: AskError) -> (ErrorKind, String) {
    match error {
        AskError::Unanswered(unanswered) => {
            let failure = unanswered.failure.expect("no failure");
            (failure.error.kind(), failure.error.message().to_owned())
        }
        other => panic!("{other}"),
    }
}

#[test]
fn the_clients_and_workers_of_the_rfcs_meet_at_our_broker() {
    for version in ["0.1", "0.2"] {
        for bind in ["tcp://127.0.0.1:*".to_owned(), ipc()] {
            let (site, endpoint) = broker(json!({ "bind": bind }));
            let mut client = Script::client(version, &endpoint, "echo");
            // The request is there before the worker.
            client.asks("early");
            let _workers = ["ann", "ben"].map(|name| Script::worker(version, &endpoint, name));
            let early: Value = serde_json::from_str(&client.says()).unwrap();
            assert!(early[0][0].as_str().unwrap().starts_with("early by "));
            // Until both have had something to do.
            let mut seen = std::collections::HashSet::new();
            while seen.len() < 2 {
                let answer = client.answer("one");
                seen.insert(answer[0][0].as_str().unwrap().to_owned());
            }
            assert!(
                seen.contains("one by ann") && seen.contains("one by ben"),
                "{seen:?}"
            );
            if version == "0.2" {
                let answer = client.answer("parts");
                let parts = answer.as_array().unwrap();
                assert_eq!(parts[..2], [json!(["first"]), json!(["second"])]);
                assert_eq!(parts.len(), 3);
            }
            let mut mmi = Script::client(version, &endpoint, "mmi.service");
            assert_eq!(mmi.answer("echo"), json!([["200"]]));
            assert_eq!(mmi.answer("nothing"), json!([["404"]]));
            site.stop();
        }
    }
}

#[test]
fn versions_meet_at_our_broker() {
    let (mut site, endpoint) = broker(json!({}));
    let _worker = Script::worker("0.2", &endpoint, "ann");
    let mut client = Script::client("0.1", &endpoint, "echo");
    assert_eq!(client.answer("one"), json!([["one by ann"]]));
    // A client of 0.1 knows no parts: they are not lost in silence.
    assert_eq!(client.answer("parts"), json!([["parts by ann"]]));
    for part in ["first", "second"] {
        let failed = site.failure();
        assert_eq!(failed.payload().bytes().unwrap(), part.as_bytes());
    }
    site.stop();
}

#[test]
fn our_client_and_worker_meet_at_the_broker_of_the_rfcs() {
    for version in ["0.1", "0.2"] {
        for bind in ["tcp://127.0.0.1:*".to_owned(), ipc()] {
            let mut broker = Script::start("mdp_broker.py", &[version, &bind, "0.5"]);
            let endpoint = broker.says();
            let mut worker = worker(&endpoint, json!({ "version": version }));
            let client = client(&endpoint, json!({ "version": version, "codec": "text" }));
            for text in ["one", "two", ""] {
                assert_eq!(client.text(text), format!("{text}!"));
                assert_eq!(worker.text(), text);
            }
            // A flow that fails is an answer too.
            let (kind, message) = kind(client.ask("down").unwrap_err());
            assert_eq!(kind, ErrorKind::Unavailable);
            assert_eq!(message, "the store is down");
            worker.stop();
            client.stop();
        }
    }
}

#[test]
fn parts_are_events() {
    let (site, endpoint) = broker(json!({}));
    let _worker = Script::worker("0.2", &endpoint, "ann");
    let client = client(&endpoint, json!({ "version": "0.2", "codec": "text" }));
    // A door takes the first of them for the answer.
    let first = client.ask("parts").unwrap();
    assert_eq!(first.text().unwrap(), "first");
    assert_eq!(
        *first.attribute("mdp").unwrap(),
        json!({ "part": 1, "final": false })
    );
    let only = client.ask("one").unwrap();
    assert_eq!(only.text().unwrap(), "one by ann");
    assert_eq!(
        *only.attribute("mdp").unwrap(),
        json!({ "part": 1, "final": true })
    );
    client.stop();
    site.stop();
}

#[test]
fn a_circle_keeps_its_ids() {
    let (site, endpoint) = broker(json!({}));
    let mut worker = worker(&endpoint, json!({ "concurrency": 4 }));
    let settings = json!({ "service": "{{ service }}", "prefix": "ec", "postfix": "o", "ids": true, "codec": "text" });
    let client = client(&endpoint, settings);
    let mut event = Event::new("x");
    event.set_service("h");
    event.set_meta_id("order 7");
    let answer = client.ask(event).unwrap();
    assert_eq!(
        (answer.text().unwrap(), &*answer.meta_id()),
        ("x!", "order 7")
    );
    let seen = worker.next();
    assert_eq!((&*seen.meta_id(), seen.service()), ("order 7", "echo"));
    // Several at once.
    let asked = (0..20).map(|number| {
        let door = client.door.clone();
        let mut event = Event::new(number.to_string());
        event.set_service("h");
        client.runtime.spawn(async move { door.ask(event).await })
    });
    for (number, asked) in asked.collect::<Vec<_>>().into_iter().enumerate() {
        let answer = client.runtime.block_on(asked).unwrap().unwrap();
        assert_eq!(answer.text().unwrap(), format!("{number}!"));
    }
    worker.stop();
    client.stop();
    site.stop();
}

#[test]
fn over_curve() {
    let (ours, theirs) = keys(true);
    let (site, endpoint) = broker(json!({ "curve": ours }));
    let mut libzmq = Libzmq::start();
    libzmq.open(
        "worker",
        "DEALER",
        json!({ "connect": endpoint, "curve": theirs }),
    );
    libzmq.open(
        "client",
        "REQ",
        json!({ "connect": endpoint, "curve": theirs }),
    );
    libzmq.send("worker", &["", "MDPW01", "\u{1}", "echo"]);
    libzmq.send("client", &["MDPC01", "echo", "hello"]);
    let mut request = libzmq.take("worker");
    while request[2] == "04" {
        request = libzmq.take("worker");
    }
    assert_eq!(request.last().unwrap(), "68656c6c6f");
    request[2] = "03".to_owned();
    libzmq.give("worker", &request);
    assert_eq!(libzmq.recv("client"), ["MDPC01", "echo", "hello"]);
    site.stop();
}

#[test]
fn the_request_of_a_killed_worker_goes_to_another() {
    let (site, endpoint) = broker(json!({}));
    let mut victim = Script::worker("0.1", &endpoint, "victim");
    let client = client(&endpoint, json!({ "codec": "text" }));
    let door = client.door.clone();
    let asked = client.runtime.spawn(async move { door.ask("hang").await });
    assert_eq!(victim.says(), "hang");
    let mut heir = worker(&endpoint, json!({}));
    victim.child.kill().unwrap();
    assert_eq!(heir.text(), "hang");
    let answer = client.runtime.block_on(asked).unwrap().unwrap();
    assert_eq!(answer.text().unwrap(), "hang!");
    assert_eq!(site.snapshot().admitted, 0);
    heir.stop();
    client.stop();
    site.stop();
}

#[test]
fn without_retry_it_takes_the_error_path() {
    let (mut site, endpoint) = broker(json!({ "retry": false }));
    let mut victim = Script::worker("0.1", &endpoint, "victim");
    let client = client(&endpoint, json!({}));
    let door = client.door.clone();
    let asked = client.runtime.spawn(async move { door.ask("hang").await });
    assert_eq!(victim.says(), "hang");
    victim.child.kill().unwrap();
    let failed = site.failure();
    assert_eq!(failed.payload().bytes().unwrap(), b"hang");
    assert_eq!(failed.attribute("mdp").unwrap()["service"], "echo");
    let told = kind(client.runtime.block_on(asked).unwrap().unwrap_err());
    assert_eq!(
        told,
        (ErrorKind::Unavailable, "the worker was lost".to_owned())
    );
    client.stop();
    site.stop();
}

#[test]
fn requests_without_a_worker_wait_only_so_long() {
    let (mut site, endpoint) = broker(json!({ "timeout": "300ms", "answer_failures": false }));
    let client = client(&endpoint, json!({ "timeout": "1s" }));
    let (kind, message) = kind(client.ask("x").unwrap_err());
    assert_eq!(kind, ErrorKind::Timeout);
    assert!(message.contains("not answered in time"), "{message}");
    assert_eq!(site.failure().payload().bytes().unwrap(), b"x");
    client.stop();
    site.stop();
}

#[test]
fn the_answer_of_a_client_that_is_gone_is_not_lost() {
    let (mut site, endpoint) = broker(json!({}));
    let mut worker = worker(&endpoint, json!({}));
    let mut libzmq = Libzmq::start();
    libzmq.open("client", "REQ", json!({ "connect": endpoint }));
    libzmq.send("client", &["MDPC01", "echo", "slow"]);
    assert_eq!(worker.text(), "slow");
    libzmq.close("client");
    // That it is gone has to have reached the broker: nobody tells.
    assert!(libzmq.hears_nothing("none", 500));
    worker.go_on.notify_one();
    assert_eq!(site.failure().payload().bytes().unwrap(), b"slow!");
    worker.stop();
    site.stop();
}

#[test]
fn a_broker_that_is_started_again_is_found_again() {
    let endpoint = ipc();
    let (site, _) = broker(json!({ "bind": endpoint }));
    let mut worker = worker(&endpoint, json!({}));
    let client = client(&endpoint, json!({ "codec": "text", "timeout": "20s" }));
    assert_eq!(client.text("one"), "one!");
    assert_eq!(worker.text(), "one");
    // It stops in the middle of a request: the client is told at once.
    let door = client.door.clone();
    let asked = client.runtime.spawn(async move { door.ask("slow").await });
    assert_eq!(worker.text(), "slow");
    site.stop();
    let told = kind(client.runtime.block_on(asked).unwrap().unwrap_err());
    assert_eq!(
        told,
        (ErrorKind::Unavailable, "the broker stops".to_owned())
    );
    worker.go_on.notify_one();
    // This one waits until there is a broker again.
    let door = client.door.clone();
    let asked = client.runtime.spawn(async move { door.ask("two").await });
    let (site, _) = broker(json!({ "bind": endpoint }));
    let answer = client.runtime.block_on(asked).unwrap().unwrap();
    assert_eq!(answer.text().unwrap(), "two!");
    assert_eq!(worker.text(), "two");
    worker.stop();
    client.stop();
    site.stop();
}

#[test]
fn another_broker_is_asked_when_one_is_away() {
    let (site, endpoint) = broker(json!({}));
    let worker = worker(&endpoint, json!({}));
    let settings =
        json!({ "broker": [ipc(), endpoint], "service": "echo", "codec": "text", "timeout": "8s" });
    let client = Outlet::start(serde_json::from_value::<MdpClient>(settings).unwrap());
    for text in ["one", "two"] {
        assert_eq!(client.text(text), format!("{text}!"));
    }
    worker.stop();
    client.stop();
    site.stop();
}

#[test]
fn a_worker_that_stops_finishes_what_it_has_begun() {
    let (site, endpoint) = broker(json!({}));
    let mut worker = worker(&endpoint, json!({}));
    let client = client(&endpoint, json!({ "codec": "text" }));
    let door = client.door.clone();
    let asked = client.runtime.spawn(async move { door.ask("slow").await });
    assert_eq!(worker.text(), "slow");
    let go_on = worker.go_on.clone();
    let stopping = std::thread::spawn(move || worker.stop());
    go_on.notify_one();
    let answer = client.runtime.block_on(asked).unwrap().unwrap();
    assert_eq!(answer.text().unwrap(), "slow!");
    stopping.join().unwrap();
    client.stop();
    site.stop();
}
