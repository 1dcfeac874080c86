//! What nobody sends who means well.

use std::time::Instant;

use compysition_core::{Event, map};
use compysition_http::{AccessLog, Compression, Cors, HttpServer, StaticFiles};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{ANYWHERE, Folder, site};

const ROUNDS: usize = 5_000;

/// Requests on one connection, one behind the other.
const TOGETHER: usize = 100;

/// Numbers that look like random ones, the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn text(&mut self, words: &[&str], most: usize) -> String {
        let count = self.roll(most);
        (0..count).map(|_| words[self.roll(words.len())]).collect()
    }
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
    let mut made = format!("{method} /{} HTTP/1.1\r\nhost: x\r\n", dice.text(&path, 8));
    for _ in 0..dice.roll(5) {
        let name = names[dice.roll(names.len())];
        made.push_str(&format!("{name}: {}\r\n", dice.text(&words, 8)));
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

#[tokio::test]
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
    let mut dice = Dice(17);
    let began = Instant::now();
    let (mut answered, mut sent) = (0, 0);
    for _ in 0..ROUNDS / TOGETHER {
        let mut all = Vec::new();
        for _ in 0..TOGETHER {
            all.extend(request(&mut dice));
        }
        all.extend_from_slice(b"GET /a.txt HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let stream = tokio::net::TcpStream::connect(site.address).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        let mut seen = Vec::new();
        let (_, read) = tokio::join!(writer.write_all(&all), reader.read_to_end(&mut seen));
        // A refused head ends its connection, which may be a reset.
        let _ = read;
        let is_status = |bytes: &&[u8]| bytes.starts_with(b"HTTP/1.1 ");
        answered += seen.windows(9).filter(is_status).count();
        sent += TOGETHER + 1;
        assert!(!seen.windows(10).any(|bytes| bytes == b"TOP SECRET"));
        let is_broken = seen.windows(12).any(|bytes| bytes == b"HTTP/1.1 500");
        assert!(!is_broken, "{}", String::from_utf8_lossy(&seen));
    }
    assert!(answered > sent / 2, "{answered} of {sent}");
    println!("{answered} of {sent} in {:?}", began.elapsed());
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
