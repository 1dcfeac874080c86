//! CloudEvents over HTTP, with the SDK for Python on the other side.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::curl::curl;
use crate::support::{Files, Process, root};

/// Returns the Python that has the SDK; `scripts/setup test` makes one beside what cargo builds.
fn python() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../python/bin/python3");
    let known = [built, "/usr/bin/python3".into(), "python3".into()];
    let has_it = |python: &&PathBuf| {
        let tried = Command::new(python)
            .args(["-c", "import cloudevents.http"])
            .output();
        tried.is_ok_and(|output| output.status.success())
    };
    let found = known.iter().find(has_it).cloned();
    found.expect("there is no python3 with cloudevents; `scripts/setup test` installs it")
}

fn peer(args: &[&str]) -> Command {
    let script = root().join("crates/compysition/tests/program/cloudevents/peer.py");
    let mut command = Command::new(python());
    command.arg(script).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// A receiver, which ends with its test.
struct Receiver(Child, String);

impl Receiver {
    fn start() -> Receiver {
        let mut child = peer(&["receive"]).spawn().unwrap();
        let mut url = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut url).unwrap();
        Receiver(child, url.trim_end().to_owned())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Has the SDK send an event, and returns what is answered.
fn send(url: &str, attributes: &Value, data: &Value) -> Value {
    let mut child = peer(&["send", url]).spawn().unwrap();
    let told = json!({ "attributes": attributes, "data": data }).to_string();
    let mut input = child.stdin.take().unwrap();
    input.write_all(told.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const TELLS: &str = "
name: tells
settings: { listen: '127.0.0.1:0' }
actors:
  http: { http_server: { address: '${listen}', cloudevents: binary } }
  tell: { set: { payload: { id: '{{ id }}', meta_id: '{{ meta_id }}', service: '{{ service }}',
                            told: '{{ attributes.cloudevents | default(false) }}', data: '{{ payload }}' } } }
connect: [http -> tell -> reply]
";

#[test]
fn what_the_sdk_sends_is_an_event_with_its_ids() {
    let files = Files::new();
    let (process, url) = Process::serve(&files.write("flow.yaml", TELLS), &[]);
    let id = "01906f2e-8c00-7000-8000-00000000002a";
    let attributes = json!({
        "id": id, "source": "//shop/€", "type": "order.new", "subject": "a \"b\" 100%", "metaid": "order 7", "service": "orders",
        "datacontenttype": "application/json",
    });
    let heard = send(&url, &attributes, &json!({ "n": 1 }));
    assert_eq!(heard["id"], id);
    assert_eq!(heard["meta_id"], "order 7");
    assert_eq!(heard["service"], "orders");
    assert_eq!(heard["data"], json!({ "n": 1 }));
    for name in ["source", "type", "subject"] {
        assert_eq!(heard["told"][name], attributes[name], "{heard}");
    }
    // An id that is none of ours is what the logs show.
    let attributes = json!({ "id": "A-7", "source": "//shop", "type": "order.new" });
    let heard = send(&url, &attributes, &json!("x"));
    assert_eq!(heard["meta_id"], "A-7");
    assert_ne!(heard["id"], "A-7");
    // What is no CloudEvent goes as ever, and what is a wrong one does not.
    let plain = curl(&["--data", "x", &url]);
    assert_eq!((plain.status, plain.json()["told"] == false), (200, true));
    let wrong = curl(&["--data", "x", "--header", "ce-specversion: 1.0", &url]);
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let structured = ["--header", "content-type: application/cloudevents+json"];
    let structured = curl(&[&["--data", "{}", &url][..], &structured].concat());
    assert_eq!(structured.status, 415, "{structured:?}");
    assert_eq!(process.stop().code, Some(0));
}

const FORWARDS: &str = "
name: forwards it
settings: { listen: '127.0.0.1:0', to: }
actors:
  http: { http_server: { address: '${listen}', cloudevents: binary } }
  note: { set: { attributes.cloudevents.subject: 'a \"b\" 100% €' } }
  ask:  { http_client: { url: '${to}', cloudevents: binary, headers: { ce-type: order.seen } } }
connect:
  - http -> note -> ask -> reply
  - ask.error -> reply
";

#[test]
fn what_is_sent_is_an_event_to_the_sdk() {
    let (files, receiver) = (Files::new(), Receiver::start());
    let to = format!("to={}", receiver.1);
    let (process, url) = Process::serve(&files.write("flow.yaml", FORWARDS), &["--set", &to]);
    let json = [
        "--header",
        "content-type: application/json",
        "--header",
        "x-correlation-id: order 7",
    ];
    let answer = curl(&[&json[..], &["--data", "{\"n\":1}", &url]].concat());
    assert_eq!(answer.status, 200, "{answer:?}");
    let heard = answer.json();
    let told = &heard["attributes"];
    assert_eq!(heard["data"], json!({ "n": 1 }));
    assert_eq!(told["specversion"], "1.0");
    assert_eq!(told["source"], "/forwards%20it");
    assert_eq!(told["type"], "order.seen");
    assert_eq!(told["metaid"], "order 7");
    assert_eq!(told["subject"], "a \"b\" 100% €");
    assert_eq!(told["datacontenttype"], "application/json");
    assert!(told["time"].as_str().unwrap().starts_with("20"), "{told}");
    // An event of the SDK's goes through two doors and comes to the SDK as what it was.
    let id = "01906f2e-8c00-7000-8000-00000000002a";
    let attributes = json!({ "id": id, "source": "//shop", "type": "order.new", "customer": "7" });
    let heard = send(&url, &attributes, &json!({ "n": 2 }));
    let told = &heard["attributes"];
    assert_eq!(
        (&told["id"], &told["source"], &told["customer"]),
        (&json!(id), &json!("//shop"), &json!("7"))
    );
    assert_eq!(process.stop().code, Some(0));
}
