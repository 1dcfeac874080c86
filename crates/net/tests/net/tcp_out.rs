//! What is sent over TCP, and how peers fail.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use compysition_core::testing::Harness;
use compysition_core::{Director, Error, ErrorKind, Event, Retry, TimeSpan};
use compysition_net::TcpOut;
use serde_json::{Value, json};

use crate::site::Site;

pub(crate) fn sending(settings: Value) -> Harness {
    let actor: TcpOut = serde_json::from_value(settings).unwrap();
    Harness::of(actor).real_time().start()
}

pub(crate) fn failure(harness: &mut Harness) -> Error {
    let failed = harness.errors();
    failed[0].error().unwrap().error.clone()
}

fn failures(harness: &mut Harness) -> Vec<String> {
    let failed = harness.errors();
    let why = |event: &Event| event.error().unwrap().error.to_string();
    failed.iter().map(why).collect()
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn accept(listener: &TcpListener) -> BufReader<TcpStream> {
    let (stream, _) = listener.accept().unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    BufReader::new(stream)
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line
}

#[test]
fn events_are_lines_of_one_connection() {
    let (listener, address) = listen();
    let mut harness = sending(json!({ "address": address }));
    harness.send("one");
    let mut peer = accept(&listener);
    harness.send("two\n");
    harness.send(Event::new(json!({ "three": 3 })));
    assert_eq!(
        [line(&mut peer), line(&mut peer), line(&mut peer)],
        ["one\n", "two\n", "{\"three\":3}\n"]
    );
    assert_eq!(harness.take().len(), 3);
    harness.send("a\nb");
    assert_eq!(failure(&mut harness).kind(), ErrorKind::Unprocessable);
    harness.send("four");
    assert_eq!(line(&mut peer), "four\n");
    let ending = std::thread::spawn(move || assert_eq!(line(&mut peer), ""));
    harness.stop();
    ending.join().unwrap();
}

#[test]
fn frames_and_codecs_are_those_of_tcp_in() {
    for settings in [
        json!({ "framing": { "length": 8 }, "codec": "json" }),
        json!({ "framing": { "length": { "bytes": 1, "order": "little" } }, "codec": "json" }),
        json!({ "framing": { "delimiter": [0] }, "codec": "message_pack" }),
        json!({ "framing": { "delimiter": "--" }, "codec": "json" }),
        json!({ "framing": "none", "codec": "json" }),
        json!({ "framing": "none", "codec": "message_pack" }),
        json!({ "framing": "none", "codec": "csv" }),
        json!({ "framing": "none", "codec": "json_lines" }),
    ] {
        let site = Site::tcp(settings.clone());
        let mut settings = settings;
        settings["address"] = site.address.to_string().into();
        let mut harness = sending(settings.clone());
        for value in [json!({ "a": "1" }), json!({ "a": "x y" })] {
            harness.send(Event::new(value.clone()));
            assert_eq!(site.next().payload.to_value(), value, "{settings}");
        }
        harness.stop();
        assert!(site.has_seen_all());
        site.stop();
    }
}

#[test]
fn a_template_makes_what_is_sent() {
    let (listener, address) = listen();
    let settings = json!({ "address": address, "payload": "{{ attributes.a }}|{{ text }}", "framing": { "length": 1 } });
    let mut harness = sending(settings);
    harness.send(Event::new("x").with_attribute("a", "y"));
    let mut bytes = [0; 4];
    accept(&listener).read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"\x03y|x");
    assert_eq!(harness.take()[0].text().unwrap(), "x");
}

#[test]
fn the_reply_becomes_the_payload() {
    let site = Site::tcp(json!({ "answer": true }));
    let mut harness = sending(json!({ "address": site.address, "reply": true }));
    for text in ["one", "two", "down"] {
        harness.send(Event::new(text).with_attribute("kept", true));
    }
    let events = harness.take();
    let texts: Vec<&str> = events.iter().map(|event| event.text().unwrap()).collect();
    assert_eq!(
        texts,
        ["one", "two", "error unavailable: the store is down"]
    );
    assert_eq!(events[0].attribute("kept").unwrap().as_bool(), Some(true));
    assert_eq!(site.next().from["connection"], 1);
    site.texts(1);
    assert_eq!(site.next().from["connection"], 1, "it is one connection");
    harness.stop();
    site.stop();
}

/// A peer that says this to each line, or closes the connection.
fn peer_that(says: &'static [u8]) -> String {
    let (listener, address) = listen();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let mut stream = BufReader::new(stream);
            while !says.is_empty() && !line(&mut stream).is_empty() {
                let _ = stream.get_mut().write_all(says);
            }
            line(&mut stream);
        }
    });
    address
}

#[test]
fn replies_that_do_not_come_or_cannot_be_read_are_errors() {
    for (says, settings, kind, message) in [
        (
            &b""[..],
            json!({}),
            ErrorKind::Unavailable,
            "has closed the connection before it replied",
        ),
        (
            b"ha",
            json!({ "timeout": "100ms" }),
            ErrorKind::Timeout,
            "did not reply in time",
        ),
        (
            b"{\n",
            json!({ "codec": "json" }),
            ErrorKind::BadGateway,
            "cannot be read: record 1: invalid JSON",
        ),
        (
            b"0123456789\n",
            json!({ "max_frame": 9 }),
            ErrorKind::BadGateway,
            "larger than 9 bytes",
        ),
    ] {
        let mut settings = settings;
        settings["address"] = peer_that(says).into();
        settings["reply"] = true.into();
        let mut harness = sending(settings);
        for _ in 0..2 {
            harness.send("1");
            let error = failure(&mut harness);
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.message().contains(message), "{error}");
        }
    }
}

#[test]
fn a_reply_that_nobody_asked_for_is_not_taken_for_the_next() {
    let mut harness = sending(json!({ "address": peer_that(b"one\ntwo\n"), "reply": true }));
    for _ in 0..3 {
        harness.send("x");
        assert_eq!(harness.take()[0].text().unwrap(), "one");
    }
}

#[test]
fn a_connection_that_the_peer_has_closed_is_made_anew() {
    let (listener, address) = listen();
    let mut harness = sending(json!({ "address": address }));
    for text in ["one", "two", "three"] {
        harness.send(text);
        let mut peer = accept(&listener);
        assert_eq!(line(&mut peer), format!("{text}\n"));
        // What it says is passed over; that it goes is noticed.
        peer.get_mut().write_all(b"nobody reads this").unwrap();
        drop(peer);
        harness.advance(Duration::from_millis(1));
    }
    assert_eq!(harness.take().len(), 3);
    assert!(harness.errors().is_empty());
}

#[test]
fn nobody_there_is_unavailable_and_is_tried_again() {
    let (listener, address) = listen();
    drop(listener);
    let mut harness = sending(json!({ "address": address }));
    harness.send("x");
    let error = failure(&mut harness);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error
            .message()
            .starts_with(&format!("no connection to {address}: ")),
        "{error}"
    );

    // With `retry` it waits for the peer.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut director = Director::new("test");
    let (door, handle) = compysition_actors::Door::new();
    let door = director.register("door", door);
    let actor: TcpOut = serde_json::from_value(json!({ "address": address })).unwrap();
    let out = director.register("out", actor);
    director.set_retry(
        out,
        Retry {
            attempts: 100,
            delay: TimeSpan(Duration::from_millis(20)),
            backoff: 1.0,
            ..Retry::default()
        },
    );
    director.connect(door, out);
    director.connect(out, door);
    let flow = runtime.block_on(director.start()).unwrap();
    let asked = runtime.spawn(async move { handle.ask("patience").await });
    let tried = || flow.snapshot().actors[1].retried;
    runtime.block_on(async {
        while tried() < 2 {
            tokio::task::yield_now().await;
        }
    });
    let address: SocketAddr = address.parse().unwrap();
    let listener = TcpListener::bind(address).unwrap();
    assert_eq!(line(&mut accept(&listener)), "patience\n");
    assert_eq!(
        runtime.block_on(asked).unwrap().unwrap().text().unwrap(),
        "patience"
    );
    runtime.block_on(flow.stop());
}

#[test]
fn a_peer_that_takes_nothing_is_a_timeout() {
    let (listener, address) = listen();
    let mut harness = sending(json!({ "address": address, "timeout": "200ms" }));
    let large = "x".repeat(20 << 20);
    harness.send(large);
    let error = failure(&mut harness);
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    drop(listener);
}

#[test]
fn a_peer_that_speaks_while_it_is_spoken_to_is_heard() {
    // More than all buffers between the two hold.
    let large = "x".repeat(32 << 20);
    for replies in [true, false] {
        let (listener, address) = listen();
        let peer = thread::spawn(move || {
            let (mut from, _) = listener.accept().unwrap();
            let mut to = from.try_clone().unwrap();
            // It gives back each piece before it takes the next one.
            let _ = io::copy(&mut from, &mut to);
        });
        let mut harness = sending(json!({
            "address": address, "framing": { "length": 4 }, "codec": "text",
            "reply": replies, "max_frame": "64MiB", "timeout": "20s",
        }));
        for _ in 0..2 {
            harness.send(large.as_str());
            let passed = harness.take();
            assert_eq!(passed.len(), 1, "{:?}", failures(&mut harness));
            assert!(passed[0].text().unwrap() == large);
        }
        drop(harness);
        peer.join().unwrap();
    }
}

#[test]
fn mistakes_are_found_before_the_start() {
    for (settings, says) in [
        (json!({ "address": "x" }), "the port is missing"),
        (json!({ "framing": "none" }), "needs a `codec`"),
        (
            json!({ "framing": "none", "codec": "text" }),
            "nobody could tell",
        ),
        (json!({ "payload": "{{ nope }}" }), "nope"),
        (
            json!({ "tls": { "ca": "/no" } }),
            "`/no` cannot be used for TLS",
        ),
        (
            json!({ "tls": { "certificate": "/no" } }),
            "need each other",
        ),
        (
            json!({ "tls": { "name": "a b" } }),
            "cannot be the name in a certificate",
        ),
    ] {
        let mistake = serde_json::from_value::<TcpOut>(settings)
            .err()
            .unwrap()
            .to_string();
        assert!(mistake.contains(says), "{mistake}");
    }
}
