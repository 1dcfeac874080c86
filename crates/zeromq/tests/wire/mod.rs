//! What goes over the wire to a port, and a flow behind it.

use compysition_core::{Actor, Context, Director, Event, Flow, Ports, Result, map};
use compysition_zeromq::Bound;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Ends what it gets.
struct End;

impl Actor for End {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

pub(crate) fn start(runtime: &Runtime, actor: impl Actor, bound: Bound) -> (Flow, String) {
    let is_door = actor.ports().is_door();
    let mut director = Director::new("hostile");
    let source = director.register("in", actor);
    let end = director.register("end", End);
    if is_door {
        let echo = director.register("echo", map(|event: Event| Ok(event)));
        director.connect(source, echo);
        director.connect(echo, source);
    } else {
        director.connect(source, end);
    }
    director.connect_error(source, end);
    let flow = runtime.block_on(director.start()).unwrap();
    let endpoint = bound.get()[0].to_string();
    (flow, endpoint.trim_start_matches("tcp://").to_owned())
}

pub(crate) fn greeting(major: u8, mechanism: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, major, 0];
    bytes.extend_from_slice(mechanism.as_bytes());
    bytes.resize(12 + 20 + 32, 0);
    bytes
}

pub(crate) fn ready(kind: &str) -> Vec<u8> {
    let mut body = b"\x05READY\x0bSocket-Type".to_vec();
    body.extend_from_slice(&(kind.len() as u32).to_be_bytes());
    body.extend_from_slice(kind.as_bytes());
    let mut bytes = vec![4, body.len() as u8];
    bytes.extend(body);
    bytes
}

pub(crate) fn settings(more: Value) -> Value {
    let mut settings = json!({
        "bind": "tcp://127.0.0.1:*",
        "limits": { "handshake_timeout": "2s", "max_message_size": "64KiB", "heartbeat": "1s" },
    });
    let all = settings.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    settings
}
