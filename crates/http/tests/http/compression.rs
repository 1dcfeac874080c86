//! Compressed bodies, both ways.

use std::io::{Read, Write};

use compysition_core::{Event, map};
use compysition_http::{Compression, HttpEvent, HttpServer};
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::json;

use crate::support::{ANYWHERE, Site, circle};

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn ungzip(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    GzDecoder::new(body).read_to_end(&mut decoded).unwrap();
    decoded
}

fn server() -> HttpServer {
    HttpServer::at(ANYWHERE).compression(Compression::default())
}

/// Answers with the body, and with the headers that tell of it.
async fn mirror(server: HttpServer) -> Site {
    let step = map(|mut event: Event| {
        let seen = event.http().header("content-encoding").is_some();
        event.set_response_header("x-encoded", if seen { "yes" } else { "no" })?;
        let kind = event.payload().kind().to_owned();
        event.set_response_header("x-kind", &kind)?;
        Ok(event)
    });
    circle(server, step).await
}

#[tokio::test]
async fn requests_may_be_compressed() {
    let site = mirror(server()).await;
    let body = br#"{"order": 7}"#.to_vec();
    let zlib = {
        let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&body).unwrap();
        encoder.finish().unwrap()
    };
    let raw = {
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&body).unwrap();
        encoder.finish().unwrap()
    };
    for (coding, sent) in [
        ("gzip", gzip(&body)),
        ("x-gzip", gzip(&body)),
        ("GZip", gzip(&body)),
        ("deflate", zlib),
        ("deflate", raw),
        ("identity", body.clone()),
    ] {
        let head = format!("POST /\ncontent-type: application/json\ncontent-encoding: {coding}");
        let answer = site.fetch(&head, &sent).await;
        assert_eq!(answer.status(), 200, "{coding}: {answer:?}");
        assert_eq!(answer.body, body, "{coding}");
        assert_eq!(answer.header("x-kind"), Some("json"));
        let is_told = answer.header("x-encoded") == Some("yes");
        assert_eq!(is_told, coding == "identity");
    }
    // Byte by byte, without a length.
    let mut client = site.connect().await;
    client
        .write("POST / HTTP/1.1\r\nhost: x\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    for byte in gzip(&body) {
        client.0.write_all_one(byte).await;
    }
    client.write("0\r\n\r\n").await;
    let answer = client.response().await;
    assert_eq!(answer.body.as_bytes(), body);
    site.stop().await;
}

/// Writes one chunk of one byte.
trait WriteOne {
    async fn write_all_one(&mut self, byte: u8);
}

impl WriteOne for tokio::net::TcpStream {
    async fn write_all_one(&mut self, byte: u8) {
        use tokio::io::AsyncWriteExt;
        self.write_all(&[b'1', b'\r', b'\n', byte, b'\r', b'\n'])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_bomb_is_too_large() {
    let site = mirror(server().body_limit(64 << 10)).await;
    let fits = vec![b'x'; 64 << 10];
    let answer = site
        .fetch("POST /\ncontent-encoding: gzip", &gzip(&fits))
        .await;
    assert_eq!((answer.status(), answer.body.len()), (200, fits.len()));
    for size in [(64 << 10) + 1, 8 << 20] {
        let bomb = gzip(&vec![0; size]);
        assert!(bomb.len() < 64 << 10);
        let answer = site.fetch("POST /\ncontent-encoding: gzip", &bomb).await;
        assert_eq!(answer.status(), 413, "{size}");
        assert_eq!(answer.text(), "the body is larger than 64 KiB\n");
    }
    // What is larger than the limit as it comes is not even begun.
    let large: Vec<u8> = (0..100_000u32).map(|n| (n * 31 % 251) as u8).collect();
    let answer = site.fetch("POST /\ncontent-encoding: gzip", &large).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(site.flow.snapshot().bytes, 0);
    site.stop().await;
}

#[tokio::test]
async fn other_codings_and_damaged_bodies_are_refused() {
    let site = mirror(server()).await;
    for coding in ["br", "zstd", "gzip, gzip", "gzip, identity", "nonsense"] {
        for media_type in ["text/plain", "application/octet-stream"] {
            let head = format!("POST /\ncontent-type: {media_type}\ncontent-encoding: {coding}");
            let answer = site.fetch(&head, b"xxx").await;
            assert_eq!(answer.status(), 415, "{coding}");
            assert_eq!(answer.header("accept-encoding"), Some("gzip, deflate"));
            let wanted = format!(
                "a body encoded as {coding} is not taken here; send it as it is, or as one of gzip, deflate\n"
            );
            assert_eq!(answer.text(), wanted);
        }
    }
    let two = "POST /\ncontent-encoding: gzip\ncontent-encoding: br";
    assert_eq!(site.fetch(two, b"xxx").await.status(), 415);
    let whole = gzip(b"hello hello hello");
    for damaged in [&whole[..whole.len() - 1], &whole[..5], b"nonsense"] {
        let answer = site.fetch("POST /\ncontent-encoding: gzip", damaged).await;
        assert_eq!(answer.status(), 400);
        let text = answer.text();
        assert!(
            text.starts_with("the body is not what gzip makes: "),
            "{text}"
        );
    }
    site.stop().await;
}

#[tokio::test]
async fn without_the_setting_bodies_are_as_they_are() {
    let site = mirror(HttpServer::at(ANYWHERE)).await;
    let sent = gzip(&[b'x'; 5000]);
    let head = "POST /\ncontent-type: application/octet-stream\ncontent-encoding: gzip\naccept-encoding: gzip";
    let answer = site.fetch(head, &sent).await;
    assert_eq!((answer.status(), &answer.body), (200, &sent));
    assert_eq!(answer.header("x-encoded"), Some("yes"));
    assert_eq!(answer.header("vary"), None);
    let head = "POST /\ncontent-type: text/plain\ncontent-encoding: gzip";
    let answer = site.fetch(head, &sent).await;
    assert_eq!(answer.status(), 415);
    assert_eq!(answer.header("accept-encoding"), Some("identity"));
    site.stop().await;
}

/// Answers with as many bytes as the body says, of the type that the path says.
async fn source(server: HttpServer) -> Site {
    let step = map(|mut event: Event| {
        let path = event.http().path().unwrap().into_owned();
        let (media_type, size) = path[1..].rsplit_once('/').unwrap();
        let text: String = "0123456789 abcdef "
            .chars()
            .cycle()
            .take(size.parse()?)
            .collect();
        event.set_response_header("content-type", media_type)?;
        event.set_response_header("etag", "\"v1\"")?;
        if let Some(query) = event.http().query("header") {
            let (name, value) = query.split_once(':').unwrap();
            event.set_response_header(name, value)?;
        }
        Ok(event.with(text.into_bytes()))
    });
    circle(server, step).await
}

#[tokio::test]
async fn answers_are_compressed_for_who_likes_it() {
    let site = source(server()).await;
    let ask = async |accept: &str| {
        let head = format!("GET /text/plain/5000\naccept-encoding: {accept}");
        site.fetch(&head, b"").await
    };
    let plain = site.fetch("GET /text/plain/5000", b"").await;
    assert_eq!(plain.body.len(), 5000);
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("accept-encoding"));
    assert_eq!(plain.header("etag"), Some("\"v1\""));
    let zipped = ask("gzip, deflate, br").await;
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    assert_eq!(zipped.header("vary"), Some("accept-encoding"));
    assert_eq!(zipped.header("etag"), Some("W/\"v1\""));
    let length = zipped.body.len().to_string();
    assert_eq!(zipped.header("content-length"), Some(&*length));
    assert!(zipped.body.len() < 500);
    assert_eq!(ungzip(&zipped.body), plain.body);
    let deflated = ask("gzip;q=0.1, deflate").await;
    assert_eq!(deflated.header("content-encoding"), Some("deflate"));
    let mut decoded = Vec::new();
    let mut decoder = ZlibDecoder::new(&*deflated.body);
    decoder.read_to_end(&mut decoded).unwrap();
    assert_eq!(decoded, plain.body);
    for accept in ["br", "gzip;q=0", "identity, gzip;q=0.5", "*;q=0"] {
        let answer = ask(accept).await;
        assert_eq!(answer.header("content-encoding"), None, "{accept}");
        assert_eq!(answer.body, plain.body, "{accept}");
    }
    site.stop().await;
}

#[tokio::test]
async fn some_answers_are_left_as_they_are() {
    let site = source(server()).await;
    for (path, varies) in [
        ("/text/plain/1000", false),
        ("/image/png/5000", false),
        ("/application/zip/5000", false),
        ("/text/plain/5000?header=content-encoding:br", false),
        (
            "/text/plain/5000?header=cache-control:public,no-transform",
            false,
        ),
        ("/text/plain/0", false),
    ] {
        let answer = site.fetch(format!("GET {path}\naccept-encoding: gzip"), b"");
        let answer = answer.await;
        assert_eq!(answer.header("vary").is_some(), varies, "{path}");
        let encoding = answer.header("content-encoding").filter(|own| *own != "br");
        assert_eq!(encoding, None, "{path}");
    }
    site.stop().await;
}

#[tokio::test]
async fn head_tells_what_get_would() {
    let site = source(server()).await;
    for accept in ["gzip", "identity"] {
        let rest = format!("/text/plain/50000\naccept-encoding: {accept}\nx-correlation-id: 1");
        let get = site.fetch(format!("GET {rest}"), b"").await;
        let head = site.fetch(format!("HEAD {rest}"), b"").await;
        assert!(head.body.is_empty());
        let headers = |answer: &crate::support::Raw| {
            let mut headers = answer.head.headers.clone();
            headers.retain(|(name, _)| name != "date");
            headers.sort();
            headers
        };
        assert_eq!(headers(&get), headers(&head));
    }
    site.stop().await;
}

#[tokio::test]
async fn large_answers_are_compressed_elsewhere() {
    let site = source(server()).await;
    let head = "GET /application/json/1000000\naccept-encoding: gzip";
    let answer = site.fetch(head, b"").await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(ungzip(&answer.body).len(), 1_000_000);
    site.stop().await;
}

#[tokio::test]
async fn curl_understands_it() {
    let site = source(server()).await;
    let url = format!("http://{}/text/plain/20000", site.address);
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let url = url.clone();
        let output = tokio::task::spawn_blocking(move || {
            std::process::Command::new("curl")
                .args(["--silent", "--max-time", "20", "--compressed", version])
                .args(["--write-out", "\n%header{content-encoding}", &url])
                .output()
        });
        let output = output.await.unwrap().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, encoding) = text.rsplit_once('\n').unwrap();
        assert_eq!(body.len(), 20_000, "{version}");
        // Older ones cannot write headers out.
        assert!(matches!(encoding, "gzip" | "%header{content-encoding}"));
    }
    site.stop().await;
}

#[tokio::test]
async fn one_way_may_be_closed() {
    let settings = json!({
        "address": ANYWHERE, "compression": { "requests": false, "min_size": 10, "level": 9 }
    });
    let site = mirror(serde_json::from_value(settings).unwrap()).await;
    let head = "POST /\ncontent-type: text/plain\ncontent-encoding: gzip";
    assert_eq!(site.fetch(head, &gzip(b"hi")).await.status(), 415);
    let head = "POST /\ncontent-type: text/plain\naccept-encoding: gzip";
    let answer = site.fetch(head, &[b'x'; 200]).await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    site.stop().await;
}
