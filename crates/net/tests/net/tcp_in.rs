//! What comes over TCP.

use std::io::{BufReader, ErrorKind as ErrorKindOfIo};
use std::net::TcpStream;
use std::time::Duration;

use compysition_core::{ErrorKind, Limits};
use compysition_net::TcpIn;
use serde_json::{Value, json};

use crate::site::{Client, Site};

fn refused(settings: Value) -> String {
    let built = serde_json::from_value::<TcpIn>(settings);
    built.err().unwrap().to_string()
}

#[test]
fn each_line_is_an_event_that_knows_its_client() {
    let site = Site::tcp(json!({}));
    let mut first = site.client();
    first.say("one\r\ntw");
    let one = site.next();
    assert_eq!((one.text(), one.payload.kind()), ("one", "text"));
    let peer = first.0.get_ref().local_addr().unwrap().to_string();
    assert_eq!(
        one.from,
        json!({ "peer": peer, "connection": 1, "tls": false })
    );
    first.say("o\n\n");
    assert_eq!(site.texts(2), ["two", ""]);
    let mut second = site.client();
    second.say("three\n");
    assert_eq!(site.next().from["connection"], 2);
    drop((first, second));
    let snapshot = site.stop();
    assert_eq!((snapshot.delivered, snapshot.failed), (4, 0));
}

#[test]
fn frames_are_found_by_length_and_delimiter_and_read_by_a_codec() {
    for (settings, sent, kind, value) in [
        (
            json!({ "framing": { "length": 2 } }),
            &b"\0\x03a\nb"[..],
            "bytes",
            json!("a\nb"),
        ),
        (
            json!({ "framing": { "length": { "bytes": 4, "order": "little" } }, "codec": "json" }),
            b"\x07\0\0\0{\"a\":1}",
            "json",
            json!({ "a": 1 }),
        ),
        (
            json!({ "framing": { "delimiter": "\u{1c}\r" }, "codec": { "text": { "charset": "iso-8859-1" } } }),
            b"\xe4\x1c\r",
            "text",
            json!("ä"),
        ),
        (json!({ "codec": "csv" }), b"a,b\n", "json", json!([])),
        (
            json!({ "framing": "none", "codec": "message_pack" }),
            b"\x81\xa1a\x01",
            "json",
            json!({ "a": 1 }),
        ),
    ] {
        let site = Site::tcp(settings.clone());
        let mut client = site.client();
        client.say(sent);
        client.say(sent);
        for _ in 0..2 {
            let seen = site.next();
            assert!(seen.error.is_none(), "{seen:?}");
            assert_eq!(
                (seen.payload.kind(), seen.payload.to_value()),
                (kind, value.clone()),
                "{settings}"
            );
        }
        client.end();
        assert_eq!(client.rest(), "");
        site.stop();
    }
}

#[test]
fn without_framing_the_codec_finds_the_records() {
    let site = Site::tcp(json!({ "framing": "none", "codec": "csv" }));
    let mut client = site.client();
    client.say("a,b\n1,2\n\"3");
    assert_eq!(
        site.next().payload.to_value(),
        json!({ "a": "1", "b": "2" })
    );
    client.say("\n\",4\n");
    assert_eq!(
        site.next().payload.to_value(),
        json!({ "a": "3\n", "b": "4" })
    );
    // One text is all of a connection.
    let site = Site::tcp(json!({ "framing": "none", "codec": "text", "answer": true }));
    let mut client = site.client();
    client.say("one\ntwo");
    client.end();
    assert_eq!(client.rest(), "one\ntwo");
    site.stop();
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_bytes() {
    let site = Site::tcp(json!({ "codec": "json" }));
    let mut client = site.client();
    client.say("{\"a\":\n[1]\n\"ha");
    let (bad, error) = site.failed();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(bad.payload.bytes().unwrap(), b"{\"a\":");
    assert_eq!(bad.from["connection"], 1);
    assert_eq!(site.next().payload.to_value(), json!([1]));
    client.end();
    assert_eq!(client.rest(), "");
    let (half, error) = site.failed();
    assert_eq!(
        error.message(),
        "the connection ended within a frame, 3 bytes of which had come"
    );
    assert_eq!(half.payload.bytes().unwrap(), b"\"ha");
    // Without framing as well.
    let site = Site::tcp(json!({ "framing": "none", "codec": "json" }));
    let mut client = site.client();
    client.say("{\"a\"");
    client.end();
    assert_eq!(client.rest(), "");
    assert_eq!(site.failed().1.kind(), ErrorKind::Malformed);
    site.stop();
}

#[test]
fn a_frame_that_is_too_large_ends_the_connection() {
    for (framing, sent) in [
        (json!("lines"), &b"ok\n0123456789\nmore\n"[..]),
        (json!({ "delimiter": "\n" }), b"ok\n0123456789\nmore\n"),
        (json!({ "length": 1 }), b"\x02ok\x0a0123456789\x04more"),
    ] {
        let site = Site::tcp(json!({ "framing": framing, "max_frame": 9 }));
        let mut client = site.client();
        client.say(sent);
        assert_eq!(client.rest(), "");
        assert_eq!(site.next().text(), "ok");
        let error = site.failed().1;
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::TooLarge, "a frame is larger than 9 bytes")
        );
        assert!(site.has_seen_all());
        site.stop();
    }
}

#[test]
fn a_frame_that_is_larger_than_the_share_of_the_flow_is_an_error() {
    let limits = Limits {
        bytes: 2000,
        ..Limits::default()
    };
    let site = Site::tcp_with(json!({ "acknowledge": "ok", "refuse": "no" }), limits);
    let mut client = site.client();
    client.say("x".repeat(3000) + "\nshort\n");
    assert_eq!(
        (client.line().as_str(), client.line().as_str()),
        ("no\n", "ok\n")
    );
    assert_eq!(site.failed().1.kind(), ErrorKind::TooLarge);
    assert_eq!(site.next().text(), "short");
    site.stop();
}

#[test]
fn a_connection_is_not_read_on_while_there_is_no_room() {
    let limits = Limits {
        roots: 4,
        ..Limits::default()
    };
    let site = Site::tcp_with(json!({}), limits);
    let client = site.client();
    site.runtime.block_on(async {
        // More than all buffers on the way take.
        let stream = client.0.into_inner();
        stream.set_nonblocking(true).unwrap();
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        let mut sent = 0;
        let line = [b"slow\n".as_slice(), &b"x".repeat(100_000), b"\n"].concat();
        let mut filling = async || {
            loop {
                stream.writable().await.unwrap();
                match stream.try_write(&line[sent % line.len()..]) {
                    Ok(written) => sent += written,
                    Err(error) => assert_eq!(error.kind(), ErrorKindOfIo::WouldBlock),
                }
            }
        };
        let full = tokio::time::timeout(Duration::from_millis(500), filling());
        assert!(full.await.is_err());
        let snapshot = site.snapshot();
        assert!(
            snapshot.admitted <= 4 && snapshot.bytes < 1 << 20,
            "{snapshot:?}"
        );
    });
    let Site { flow, runtime, .. } = site;
    runtime.block_on(flow.unwrap().abort());
}

#[test]
fn who_is_too_many_or_silent_is_sent_away() {
    let site = Site::tcp(json!({ "max_connections": 1, "idle_timeout": "200ms" }));
    let mut first = site.client();
    first.say("one\nha");
    assert_eq!(site.next().text(), "one");
    let mut second = Client(BufReader::new(TcpStream::connect(site.address).unwrap()));
    assert_eq!(second.rest(), "");
    assert_eq!(first.rest(), "", "it was silent");
    let (half, error) = site.failed();
    assert!(error.message().starts_with("the connection ended within"));
    assert_eq!(half.text(), "ha");
    site.stop();
}

#[test]
fn mistakes_are_found_before_the_start() {
    for (settings, says) in [
        (json!({ "address": "nowhere" }), "the port is missing"),
        (json!({ "max_frame": 0 }), "`max_frame: 0`"),
        (json!({ "max_connections": 0 }), "`max_connections: 0`"),
        (json!({ "framing": "none" }), "needs a `codec`"),
        (json!({ "framing": { "length": 3 } }), "1, 2, 4 or 8"),
        (
            json!({ "answer": true, "acknowledge": "x" }),
            "either the `answer`",
        ),
        (json!({ "refuse": "x" }), "needs `acknowledge`"),
        (
            json!({ "acknowledge": "a\nb" }),
            "`acknowledge`: what has a line break",
        ),
        (
            json!({ "tls": { "certificate": "/no", "key": "/no" } }),
            "`/no` cannot be used for TLS",
        ),
        (json!({ "port": 1 }), "unknown field"),
    ] {
        let mistake = refused(settings);
        assert!(mistake.contains(says), "{mistake}");
    }
}
