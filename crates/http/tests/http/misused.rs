//! What nobody sends who means well.

use std::net::SocketAddr;
use std::time::Instant;

use compysition_core::testing::Dice;
use compysition_core::{Event, map};
use compysition_http::{AccessLog, Compression, Cors, HttpServer, StaticFiles};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{ANYWHERE, Folder, site};

/// How many requests there are, on how many connections at a time.
const ROUNDS: usize = 100_000;
const CLIENTS: usize = 4;

/// Requests on one connection, one behind the other.
const TOGETHER: usize = 100;

/// Puts less than `most` words together.
fn text(dice: &mut Dice, words: &[&str], most: usize) -> String {
    (0..dice.roll(most)).map(|_| dice.pick(words)).collect()
}

/// A request whose framing is right, whatever else it says.
fn request(dice: &mut Dice) -> Vec<u8> {
    let path = [
        "..",
        "%2e",
        "%2E",
        ".",
        "/",
        "%2f",
        "\\",
        "%5c",
        "%00",
        "%",
        "a.txt",
        "docs",
        "out",
        "~",
        "%c3%a9",
        "%ff",
        "?",
        "a=b",
        "&",
        "token=x",
        ";",
        "secret.txt",
        "{",
        "|",
    ];
    let words = [
        "gzip",
        "deflate",
        "br",
        "*",
        "identity",
        ";",
        "q=",
        "0",
        "1",
        "0.5",
        ",",
        " ",
        "bytes",
        "=",
        "-",
        "9",
        "99999999999999999999",
        "\"",
        "W/",
        "https://",
        "a.org",
        ".",
        ":",
        "null",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "POST",
        "x-a",
        "Basic YTpi",
        "\u{e9}",
        "\t",
        "NaN",
    ];
    let names = [
        "accept-encoding",
        "range",
        "if-range",
        "if-none-match",
        "if-modified-since",
        "origin",
        "access-control-request-method",
        "access-control-request-headers",
        "content-encoding",
        "authorization",
        "referer",
        "user-agent",
        "accept",
    ];
    let methods = ["GET", "GET", "HEAD", "OPTIONS", "POST"];
    let method = methods[dice.roll(methods.len())];
    let mut made = format!("{method} /{} HTTP/1.1\r\nhost: x\r\n", text(dice, &path, 8));
    for _ in 0..dice.roll(5) {
        let name = names[dice.roll(names.len())];
        made.push_str(&format!("{name}: {}\r\n", text(dice, &words, 8)));
    }
    let length = match method {
        "POST" => dice.roll(40),
        _ => 0,
    };
    if length > 0 {
        made.push_str(&format!("content-length: {length}\r\n"));
    }
    let mut made = format!("{made}\r\n").into_bytes();
    // The beginning of gzip, sometimes, and anything behind it.
    let start = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    for at in 0..length {
        let byte = match dice.roll(4) {
            0 => dice.roll(256) as u8,
            _ => *start.get(at).unwrap_or(&0),
        };
        made.push(byte);
    }
    made
}

/// Sends a client's part of the requests, and returns how many were answered.
async fn misuse(address: SocketAddr, seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let mut answered = 0;
    for _ in 0..ROUNDS / CLIENTS / TOGETHER {
        let mut all = Vec::new();
        for _ in 0..TOGETHER {
            all.extend(request(&mut dice));
        }
        all.extend_from_slice(b"GET /a.txt HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        let mut seen = Vec::new();
        let (_, read) = tokio::join!(writer.write_all(&all), reader.read_to_end(&mut seen));
        // A refused head ends its connection, which may be a reset.
        let _ = read;
        let has = |bytes: &[u8]| seen.windows(bytes.len()).any(|part| part == bytes);
        assert!(
            !has(b"TOP SECRET") && !has(b"HTTP/1.1 500"),
            "{}",
            String::from_utf8_lossy(&seen)
        );
        answered += seen.windows(9).filter(|part| *part == b"HTTP/1.1 ").count();
    }
    answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_answered_and_nothing_leaks() {
    let folder = Folder::new("hostile");
    folder.write("secret.txt", "TOP SECRET");
    folder.write("public/a.txt", "a".repeat(3000));
    folder.write("public/docs/index.html", "x");
    std::os::unix::fs::symlink(&folder.0, folder.path("public/out")).unwrap();
    let server = HttpServer::at(ANYWHERE)
        .cors(Cors::of(["https://a.org", "https://*.a.org"]).unwrap())
        .compression(Compression::default())
        .access_log(AccessLog::default().file(folder.path("access.log")));
    let site = site(server, |director, http| {
        let files = director.register("files", StaticFiles::of(folder.path("public")).unwrap());
        let seen = director.register("seen", map(|event: Event| event));
        director.connect(http, files);
        director.connect(files, seen);
        director.connect(seen, http);
    })
    .await;
    let began = Instant::now();
    let clients = (1..=CLIENTS as u64).map(|seed| tokio::spawn(misuse(site.address, 17 * seed)));
    let mut answered = 0;
    for client in clients.collect::<Vec<_>>() {
        answered += client.await.unwrap();
    }
    println!("{answered} in {:?}", began.elapsed());
    assert!(answered >= ROUNDS, "{answered} of {ROUNDS}");
    assert_eq!(site.flow.snapshot().bytes, 0);
    site.stop().await;
    let log = std::fs::read(folder.path("access.log")).unwrap();
    let lines = log.split(|byte| *byte == b'\n').count() - 1;
    // What hyper refuses itself has no line.
    assert!(
        lines <= answered && lines > answered / 2,
        "{lines} of {answered}"
    );
}
