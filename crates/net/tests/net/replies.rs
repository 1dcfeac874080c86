//! What `tcp_in` says back: answers and receipts.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::site::Site;

#[test]
fn requests_are_answered_in_their_order() {
    let site = Site::tcp(json!({ "answer": true }));
    let mut client = site.client();
    client.say("slow\ntwo\nthree\n");
    site.texts(1);
    site.go_on.notify_one();
    assert_eq!(
        [client.line(), client.line(), client.line()],
        ["slow\n", "two\n", "three\n"]
    );
    // What was said before the end is answered as well.
    client.say("four\nslow\n");
    client.end();
    site.texts(4);
    site.go_on.notify_one();
    assert_eq!(client.rest(), "four\nslow\n");
    let snapshot = site.stop();
    let door = &snapshot.actors[0];
    assert_eq!((door.answered, door.late, door.strays), (5, 0, 0));
}

#[test]
fn a_request_that_fails_is_told_why() {
    let site = Site::tcp(json!({ "answer": true, "max_frame": 10 }));
    let mut client = site.client();
    let mut ask = |said: &str| {
        client.say(format!("{said}\n"));
        client.line()
    };
    assert_eq!(ask("fine"), "fine\n");
    assert_eq!(ask("down"), "error unavailable: the store is down\n");
    assert_eq!(ask("secret"), "error internal: internal error\n");
    assert_eq!(ask("panic"), "error panicked: internal error\n");
    assert_eq!(
        ask("gone"),
        "error bad_gateway: no answer: the last copy ended at `step`\n"
    );
    assert!(ask("two lines").starts_with("error unprocessable: an answer cannot be written: "));
    assert_eq!(
        ask("0123456789x"),
        "error too_large: a frame is larger than 10 bytes\n"
    );
    assert_eq!(client.rest(), "");
    site.stop();
}

#[test]
fn who_waits_too_long_is_told_so() {
    let site = Site::tcp(json!({ "answer": true, "deadline": "100ms" }));
    let mut client = site.client();
    client.say("slow\n");
    assert_eq!(
        client.line(),
        "error timeout: the flow did not answer in time\n"
    );
    site.go_on.notify_one();
    client.say("fine\n");
    assert_eq!(client.line(), "fine\n");
    site.stop();
}

#[test]
fn a_codec_tells_errors_in_its_own_way() {
    let settings = json!({ "answer": true, "codec": "json", "framing": { "length": 2 } });
    let site = Site::tcp(settings);
    let mut client = site.client();
    for (said, expected) in [
        ("[1]", json!([1])),
        (
            "{",
            json!({ "errors": [{ "message": "record 1: invalid JSON: EOF while parsing an object at line 1 column 1", "code": "malformed", "actor": null }] }),
        ),
        ("[2]", json!([2])),
    ] {
        client.say([&[0, said.len() as u8], said.as_bytes()].concat());
        let length = client.bytes(2);
        let answer = client.bytes(usize::from(u16::from_be_bytes([length[0], length[1]])));
        assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap(), expected);
    }
    site.stop();
}

#[test]
fn who_asks_for_it_is_told_what_was_delivered() {
    let site = Site::tcp(json!({ "acknowledge": "ACK", "refuse": "NAK" }));
    let mut client = site.client();
    client.say("one\ndown\nslow\nfour\n");
    site.texts(3);
    assert_eq!([client.line(), client.line()], ["ACK\n", "NAK\n"]);
    // The next ones wait for the one that is under way.
    client.0.get_ref().set_nonblocking(true).unwrap();
    assert!(client.0.get_ref().peek(&mut [0]).is_err());
    client.0.get_ref().set_nonblocking(false).unwrap();
    site.go_on.notify_one();
    assert_eq!([client.line(), client.line()], ["ACK\n", "ACK\n"]);
    site.stop();
    let site = Site::tcp(json!({ "acknowledge": "ACK" }));
    let mut client = site.client();
    client.say("one\ndown\nthree\n");
    assert_eq!(client.rest(), "ACK\n", "and closed at the one that failed");
    site.stop();
}

#[test]
fn who_waits_for_an_answer_is_not_silent() {
    let site = Site::tcp(json!({ "idle_timeout": "50ms", "answer": true }));
    let mut client = site.client();
    client.say("slow\n");
    site.next();
    let longer = Some(Duration::from_millis(200));
    client.0.get_ref().set_read_timeout(longer).unwrap();
    let nothing = client.0.get_ref().peek(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock, "and no end");
    client.0.get_ref().set_read_timeout(None).unwrap();
    client.say("more\n");
    site.go_on.notify_one();
    assert_eq!(site.next().text(), "more", "it is read on");
    assert_eq!(client.rest(), "slow\nmore\n");
    site.stop();
}

#[test]
fn who_takes_no_answers_is_sent_away() {
    let site = Site::tcp(json!({ "answer": true, "write_timeout": "100ms" }));
    let client = site.client();
    let stream = client.0.into_inner();
    site.runtime.block_on(async {
        stream.set_nonblocking(true).unwrap();
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        let line = [b"x".repeat(100_000).as_slice(), b"\n"].concat();
        let mut sent = 0;
        // It is cut off when nothing is read of what comes back.
        loop {
            stream.writable().await.unwrap();
            match stream.try_write(&line[sent % line.len()..]) {
                Ok(written) => sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
    });
    site.stop();
}

#[test]
fn a_stop_answers_what_came_and_takes_nothing_more() {
    let site = Site::tcp(json!({ "answer": true }));
    let mut idle = site.client();
    let mut asking = site.client();
    asking.say("slow\nha");
    site.next();
    let go_on = site.go_on.clone();
    let stopping = std::thread::spawn(move || site.stop());
    assert_eq!(idle.rest(), "", "closed at once");
    go_on.notify_one();
    assert_eq!(asking.rest(), "slow\n");
    let snapshot = stopping.join().unwrap();
    assert_eq!((snapshot.delivered, snapshot.failed), (1, 0));
    assert!(
        TcpStream::connect(
            asking
                .0
                .get_ref()
                .peer_addr()
                .unwrap_or(([127, 0, 0, 1], 9).into())
        )
        .is_err()
    );
}
