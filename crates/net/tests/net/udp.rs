//! Datagrams, both ways.

use std::net::UdpSocket;
use std::time::Duration;

use compysition_core::testing::Harness;
use compysition_core::{ErrorKind, Event, Limits};
use compysition_net::{UdpIn, UdpOut};
use serde_json::{Value, json};

use crate::site::Site;

fn refused<A: serde::de::DeserializeOwned>(settings: Value) -> String {
    let built = serde_json::from_value::<A>(settings);
    built.err().unwrap().to_string()
}

#[test]
fn each_datagram_is_an_event_that_knows_its_sender() {
    let site = Site::udp(json!({ "receive_buffer": "1MiB" }), Limits::default());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sender = socket.local_addr().unwrap().to_string();
    for bytes in [&b"<14>one"[..], b"", b"\xff"] {
        socket.send_to(bytes, site.address).unwrap();
        let seen = site.next();
        assert_eq!(seen.payload.bytes().unwrap(), bytes);
        assert_eq!(seen.from, json!({ "peer": sender }));
    }
    site.stop();
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let site = Site::udp(
        json!({ "codec": "json", "max_datagram": 5 }),
        Limits::default(),
    );
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for (bytes, kind, payload) in [
        (&b"{"[..], ErrorKind::Malformed, &b"{"[..]),
        (b"[1, 2]", ErrorKind::TooLarge, b"[1, 2"),
    ] {
        socket.send_to(bytes, site.address).unwrap();
        let (seen, error) = site.failed();
        assert_eq!(
            (error.kind(), seen.payload.bytes().unwrap()),
            (kind, payload)
        );
    }
    socket.send_to(b"[1,2]", site.address).unwrap();
    assert_eq!(site.next().payload.to_value(), json!([1, 2]));
    site.stop();
}

#[test]
fn what_has_no_room_is_dropped_and_counted() {
    let limits = Limits {
        roots: 2,
        ..Limits::default()
    };
    let site = Site::udp(json!({}), limits);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..10 {
        socket.send_to(b"slow", site.address).unwrap();
    }
    let dropped = || site.snapshot().actors[0].dropped;
    // Two are under way; the last of the others is known to have come when it was counted.
    site.runtime.block_on(async {
        while dropped() < 8 {
            tokio::task::yield_now().await;
        }
    });
    assert_eq!((site.snapshot().admitted, dropped()), (2, 8));
    site.go_on.notify_one();
    site.texts(2);
    site.go_on.notify_one();
    let snapshot = site.stop();
    assert_eq!((snapshot.delivered, snapshot.actors[0].dropped), (2, 8));
}

#[test]
fn a_group_is_joined() {
    let settings =
        json!({ "address": "0.0.0.0:0", "multicast": ["239.255.77.7"], "interface": "127.0.0.1" });
    let site = Site::udp(settings, Limits::default());
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.set_multicast_if_v4(&[127, 0, 0, 1].into()).unwrap();
    let group = std::net::SocketAddr::from(([239, 255, 77, 7], site.address.port()));
    socket.send_to(b"to all", &group.into()).unwrap();
    assert_eq!(site.next().text(), "to all");
    site.stop();
}

fn receiver() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

fn received(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 70_000];
    let length = socket.recv(&mut buffer).unwrap();
    buffer.truncate(length);
    buffer
}

fn sending(settings: Value) -> Harness {
    let actor: UdpOut = serde_json::from_value(settings).unwrap();
    Harness::of(actor).real_time().start()
}

#[test]
fn each_event_is_a_datagram() {
    let (socket, address) = receiver();
    let mut harness =
        sending(json!({ "address": address, "payload": "<14>{{ service }}: {{ text }}" }));
    let mut event = Event::new("hello");
    event.set_service("shop");
    harness.send(event);
    assert_eq!(received(&socket), b"<14>shop: hello");
    assert_eq!(
        harness.take()[0].text().unwrap(),
        "hello",
        "the event goes on as it was"
    );
    let mut harness = sending(json!({ "address": address, "codec": "message_pack" }));
    harness.send(Event::new(json!({ "a": 1 })));
    assert_eq!(received(&socket), b"\x81\xa1a\x01");
    let mut harness = sending(json!({ "address": address }));
    harness.send(Event::new(vec![255_u8]));
    assert_eq!(received(&socket), b"\xff");
}

#[test]
fn what_is_too_large_for_a_datagram_is_an_error() {
    let (socket, address) = receiver();
    let mut harness = sending(json!({ "address": address }));
    harness.send("x".repeat(65_507));
    assert_eq!(received(&socket).len(), 65_507);
    harness.send("x".repeat(65_508));
    let failed = harness.errors();
    let error = &failed[0].error().unwrap().error;
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    // The system finds it as well.
    let mut harness = sending(json!({ "address": address, "max_datagram": 70_000 }));
    let mut senders = Vec::new();
    for _ in 0..2 {
        harness.send("x".repeat(65_508));
        let failed = harness.errors();
        assert_eq!(failed[0].error().unwrap().error.kind(), ErrorKind::TooLarge);
        harness.send("x");
        senders.push(socket.recv_from(&mut [0; 9]).unwrap().1);
    }
    // It is no reason to look for another way.
    assert_eq!(senders[0], senders[1]);
}

#[test]
fn a_name_that_is_not_there_is_unavailable() {
    let mut harness = sending(json!({ "address": "nowhere.invalid:9" }));
    harness.send("x");
    let failed = harness.errors();
    let error = &failed[0].error().unwrap().error;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error
            .message()
            .starts_with("no datagram can be sent to nowhere.invalid:9: "),
        "{error}"
    );
    // Nobody listens there, which nobody knows.
    let (socket, address) = receiver();
    drop(socket);
    let mut harness = sending(json!({ "address": address }));
    for _ in 0..3 {
        harness.send("x");
    }
    assert_eq!(harness.take().len(), 3);
}

#[test]
fn mistakes_are_found_before_the_start() {
    for (mistake, says) in [
        (refused::<UdpIn>(json!({ "max_datagram": 0 })), "at least 1"),
        (
            refused::<UdpIn>(json!({ "max_datagram": 65_536 })),
            "at most 65535",
        ),
        (
            refused::<UdpIn>(json!({ "multicast": ["127.0.0.1"] })),
            "`127.0.0.1` is no group",
        ),
        (
            refused::<UdpIn>(json!({ "address": "x" })),
            "the port is missing",
        ),
        (
            refused::<UdpOut>(json!({ "max_datagram": 0 })),
            "at least 1",
        ),
        (
            refused::<UdpOut>(json!({ "payload": "{{ nope }}" })),
            "nope",
        ),
        (
            refused::<UdpOut>(json!({ "payload": "x", "codec": "json" })),
            "nothing for a `codec`",
        ),
    ] {
        assert!(mistake.contains(says), "{mistake}");
    }
}
