//! The actors as flow files write them.

use compysition_core::Registry;
use compysition_flow::testing::actor;

fn registry() -> Registry {
    let mut registry = Registry::new();
    compysition_zeromq::register(&mut registry);
    registry
}

#[test]
fn settings_are_written_like_this() {
    for yaml in [
        "zmq_push",
        "zmq_pull",
        "zmq_pub",
        "zmq_sub",
        "zmq_req",
        "zmq_rep",
        "zmq_dealer",
        "zmq_router",
        "mdp_broker",
        "mdp_worker",
        "mdp_client",
        "zmq_push: { connect: [\"tcp://127.0.0.1:9000\", \"ipc:///run/a.sock\"], codec: json, timeout: 5s }",
        "zmq_pull: { bind: \"tcp://*:9000\", insecure: true, limits: { max_message_size: 4MiB, high_water_mark: 10, heartbeat: 0 } }",
        "zmq_pub: { topic: \"a.{{ service }}\", multipart: true }",
        "zmq_sub: { topics: [a., b.], codec: { text: { charset: iso-8859-1 } } }",
        "zmq_req: { bind: \"tcp://127.0.0.1:*\", correlate: true }",
        "zmq_router: { envelope: false, multipart: true, deadline: 5s, write_timeout: 1s }",
        "mdp_broker: { heartbeat: 1s, liveness: 5, waiting: 10, waiting_bytes: 1MiB, retry: false, answer_failures: false }",
        "mdp_worker: { service: price, version: \"0.2\", concurrency: 8 }",
        "mdp_client: { broker: [\"tcp://127.0.0.1:5555\", \"tcp://127.0.0.1:5556\"], prefix: a., postfix: .b, service: x, ids: true }",
    ] {
        if let Err(diagnostics) = actor(&registry(), yaml) {
            panic!("{yaml}: {diagnostics}");
        }
    }
}

#[test]
fn the_examples_of_the_manuals_are_right() {
    for kind in registry().kinds() {
        let schema = kind.schema();
        let manual = schema.get("description").unwrap().as_str().unwrap();
        let (_, example) = manual.split_once("Example: `").unwrap();
        let (example, _) = example.split_once('`').unwrap();
        if let Err(diagnostics) = actor(&registry(), example) {
            panic!("{example}: {diagnostics}");
        }
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (yaml, says) in [
        (
            "zmq_push: { connect: \"127.0.0.1:9000\" }",
            "write it like tcp://",
        ),
        ("zmq_push: { connect: \"tcp://*:9000\" }", "names no host"),
        ("zmq_pull: { bind: \"tcp://*:9000\" }", "`insecure: true`"),
        (
            "zmq_pull: { bind: \"tcp://*:9000\", curve: { key: a } }",
            "`clients`",
        ),
        (
            "zmq_pull: { curve: { key: /nowhere, clients: any } }",
            "`/nowhere` cannot be read",
        ),
        ("zmq_pull: { limits: { high_water_mark: 0 } }", "at least 1"),
        ("zmq_sub: { topics: [] }", "hears nothing"),
        ("zmq_rep: { port: 9000 }", "port"),
        ("mdp_broker: { heartbeat: 1ms }", "at least 10ms"),
        ("mdp_broker: { liveness: 1 }", "one late heartbeat"),
        ("mdp_worker: { service: mmi.service }", "cannot be offered"),
        ("mdp_worker: { concurrency: 0 }", "from 1 to 1000"),
        (
            "mdp_client: { broker: \"tcp://broker.example.org:5555\" }",
            "`insecure: true`",
        ),
    ] {
        let diagnostics = actor(&registry(), yaml).err().unwrap().to_string();
        assert!(diagnostics.contains(says), "{diagnostics}");
        assert!(diagnostics.contains("actor.yaml:1:"), "{diagnostics}");
    }
}
