//! 100,000 requests that nobody should send: each is answered or its connection ends, soon, and nothing of it is kept.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use compysition_core::testing::{Dice, within};
use compysition_core::{Event, map};
use compysition_http::HttpServer;
use serde_json::json;

use crate::support::{ANYWHERE, circle};

/// So many are answered in all. Those that come behind a refused one on its connection do not count.
const ANSWERED: usize = 100_000;

/// On each connection come so many requests, each in its own way wrong but for where it ends, and then noise.
const REQUESTS: usize = 39;
const CLIENTS: usize = 4;

const METHODS: [&str; 8] = [
    "GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH", "BREW", "get",
];

const TARGETS: [&str; 12] = [
    "/",
    "/a/../b",
    "/%00",
    "/%",
    "/%ff%fe",
    "//",
    "/x?a=%&b&&=",
    "*",
    "http://x/y",
    "/?q=%2",
    "/..%2f",
    "/items/%F0%9F%98%80",
];

const HEADERS: [&str; 24] = [
    "accept: */*;q=x",
    "accept: application/xml;q=0.1, ;;",
    "content-type: application/json",
    "content-type: text/xml; charset=nope",
    "content-type: ;;;",
    "content-type: application/x-www-form-urlencoded",
    "content-type: text/plain; charset=utf-16",
    "content-encoding: gzip",
    "authorization: Basic ====",
    "authorization: basic \u{e9}",
    "cookie: a=b; ;=",
    "x-correlation-id: \t",
    "traceparent: 00-zz-1-1",
    "forwarded: for=",
    "x-forwarded-for: ,,,",
    "expect: 101-nothing",
    "te: trailers, deflate;q=9",
    "upgrade: h2c",
    "range: bytes=-",
    "if-none-match: \"",
    "x-y: \u{80}\u{ff}",
    "x: ",
    "host: a:b:c",
    "date: never",
];

/// What is no request, or is wrong about where it ends, of which each should be refused.
const SMUGGLED: [&str; 18] = [
    "GET /\u{7f} HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET /a b HTTP/1.1\r\nhost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nx",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1;a=\"\r\nx\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\nx",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9223372036854775807\r\n\r\nx",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\nx",
    "POST / HTTP/1.1\r\nhost: a\r\n folded: x\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\nx: y\r\rz\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u{6}\u{4}\0\0\0\0\0\0\u{7f}\0\0\0\0",
    "GET / HTTP/9.9\r\n\r\n",
];

/// Makes a request that ends where it says, whatever else it says.
fn request(dice: &mut Dice) -> Vec<u8> {
    let mut body = dice.text(&["{", "}", "<a>", "\"", "\0", "a=b&", "%", "\r\n"], 8);
    let method = dice.pick(&METHODS);
    let mut text = format!(
        "{method} {} HTTP/1.1\r\nhost: test\r\n",
        dice.pick(&TARGETS)
    )
    .into_bytes();
    for _ in 0..dice.roll(5) {
        text.extend_from_slice(dice.pick(&HEADERS).as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    if dice.roll(2) == 0 {
        text.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        text.append(&mut body);
        return text;
    }
    text.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
    for chunk in body.chunks(1 + dice.roll(9)) {
        text.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
        text.extend_from_slice(chunk);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"0\r\n\r\n");
    text
}

/// Sends all of it and returns all that is answered until the server hangs up.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    // Who refuses it may not read all of it.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answers) {
        let is_end = error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(is_end, "{error}: {}", bytes.escape_ascii());
    }
    answers
}

/// Returns the statuses of answers.
fn statuses(answers: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answers);
    let parts = text.split("HTTP/1.1 ").skip(1);
    parts
        .filter_map(|part| part.get(..3)?.parse().ok())
        .collect()
}

/// Sends requests on many connections; returns how many were answered well, and how many refused.
fn attack(address: SocketAddr, seed: u64) -> (usize, usize) {
    let mut dice = Dice::new(seed);
    let (mut good, mut refused) = (0, 0);
    while good + refused < ANSWERED / CLIENTS {
        let mut bytes = Vec::new();
        for _ in 0..REQUESTS {
            bytes.append(&mut request(&mut dice));
        }
        let mut last = match dice.roll(2) {
            0 => dice.pick(&SMUGGLED).as_bytes().to_vec(),
            _ => request(&mut dice),
        };
        dice.damage(
            &mut last,
            &["\r\n", "\0", " ", ":", "HTTP/1.1", "\r\n\r\n", "\n"],
        );
        bytes.append(&mut last);
        let statuses = statuses(&exchange(address, &bytes));
        assert!(!statuses.is_empty(), "{}", bytes.escape_ascii());
        for status in statuses {
            match status {
                200..=299 => good += 1,
                400..=499 => refused += 1,
                _ => panic!("{status} for {}", bytes.escape_ascii()),
            }
        }
    }
    (good, refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_request_is_answered_or_its_connection_ends() {
    let config = json!({ "address": ANYWHERE, "routes": { "step": { "path": "/{*rest}" } } });
    let server: HttpServer = serde_json::from_value(config).unwrap();
    let site = circle(server, map(|event: Event| event)).await;
    let address = site.address;
    let attacks = tokio::task::spawn_blocking(move || {
        within(Duration::from_secs(60), 64 << 20, || {
            let clients: Vec<_> = (1..=CLIENTS as u64)
                .map(|seed| std::thread::spawn(move || attack(address, seed * 37)))
                .collect();
            let seen = clients.into_iter().map(|client| client.join().unwrap());
            seen.fold((0, 0), |sum, seen| (sum.0 + seen.0, sum.1 + seen.1))
        })
    });
    let (good, refused) = attacks.await.unwrap();
    eprintln!("{good} answered well, {refused} refused");
    assert!(
        good > 1000 && refused > 1000,
        "{good} good, {refused} refused"
    );
    for smuggled in SMUGGLED {
        let answers = statuses(&exchange(address, smuggled.as_bytes()));
        let is_refused = answers.iter().all(|status| *status >= 400);
        assert!(is_refused, "{smuggled:?}: {answers:?}");
    }
    // It is as good as before.
    assert_eq!(site.ask("POST /x", "hi").await.body, "hi");
    site.stop().await;
}
