//! The actors as flow files write them.

use compysition_core::Registry;
use compysition_core::testing::Harness;
use compysition_flow::testing::{actor, plan};
use std::net::UdpSocket;
use std::time::Duration;

fn registry() -> Registry {
    let mut registry = Registry::new();
    compysition_net::register(&mut registry);
    registry
}

#[test]
fn settings_are_written_like_this() {
    for yaml in [
        "tcp_in",
        "tcp_in: { address: \"0.0.0.0:9000\", framing: lines, max_connections: 10, idle_timeout: 5m }",
        "tcp_in: { framing: { length: { bytes: 4, order: little } }, codec: json, max_frame: 64KiB, answer: true, deadline: 5s }",
        "tcp_in: { framing: { delimiter: \"\\x1c\\r\" }, codec: { text: { charset: iso-8859-1 } } }",
        "tcp_in: { framing: { delimiter: [255, 0] }, acknowledge: ok, refuse: no }",
        "tcp_in: { framing: none, codec: message_pack }",
        "tcp_out: { address: \"log.example.org:514\", payload: \"<14>{{ text }}\", timeout: 5s, connect_timeout: 1s }",
        "tcp_out: { framing: { length: 2 }, reply: true, tls: {} }",
        "udp_in: { address: \"0.0.0.0:514\", multicast: [239.1.2.3, \"ff02::1\"], interface: 127.0.0.1, receive_buffer: 4MiB, codec: text }",
        "udp_out: { address: \"127.0.0.1:514\", payload: \"<14>{{ text }}\" }",
        "udp_out",
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
        ("tcp_in: { framing: words }", "words"),
        (
            "tcp_in: { framing: { length: 3 } }",
            "1, 2, 4 or 8 bytes, not 3",
        ),
        ("tcp_in: { framing: { length: { byte: 4 } } }", "length"),
        (
            "tcp_in: { framing: { delimiter: \"\" } }",
            "at least one byte",
        ),
        ("tcp_in: { framing: { delimiter: [256] } }", "delimiter"),
        ("tcp_out: { port: 9000 }", "port"),
    ] {
        let diagnostics = actor(&registry(), yaml).err().unwrap().to_string();
        assert!(diagnostics.contains(says), "{diagnostics}");
        assert!(diagnostics.contains("actor.yaml:1:"), "{diagnostics}");
    }
}

#[test]
fn an_actor_of_a_file_sends() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let address = socket.local_addr().unwrap();
    // The priority of a syslog line, as the guide has it.
    let template = "{{ (text | split('>'))[0] | replace('<', '') | int }}";
    let yaml = format!("udp_out: {{ address: \"{address}\", payload: \"{template}\" }}");
    let mut harness: Harness = plan(&registry(), &yaml).real_time().start();
    harness.send("<165>1 2026-01-01T00:00:00Z host app - - - it works");
    let mut bytes = [0; 100];
    let length = socket.recv(&mut bytes).unwrap();
    assert_eq!(&bytes[..length], b"165");
}
