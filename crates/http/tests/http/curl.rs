//! What a person sees who asks with curl.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use compysition_core::{Error, Event, map};
use compysition_http::HttpServer;

use crate::support::{ANYWHERE, Site, site};

/// `http -> check -> upper -> http`, where the check has no error connection.
async fn gateway(server: HttpServer) -> Site {
    site(server, |director, http| {
        let check = director.register(
            "check",
            map(|event: Event| match event.text()? {
                "bad" => Err(Error::malformed("that is bad").with_detail("line", 1)),
                "who" => Err(Error::unauthorized("who are you").with_detail("realm", "all")),
                _ => Ok(event),
            }),
        );
        let upper = director.register(
            "upper",
            map(|event: Event| {
                let text = event.text()?.to_uppercase();
                Ok(event.with(text))
            }),
        );
        director.connect((http, "orders"), check);
        director.connect(check, upper);
        director.connect(upper, http);
    })
    .await
}

/// Runs curl with these arguments and `/orders` of the site; returns its whole output.
async fn curl(site: &Site, scheme: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--max-time", "20", "--include"])
        .args(arguments);
    command.arg(format!(
        "{scheme}://localhost:{}/orders",
        site.address.port()
    ));
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn server() -> HttpServer {
    HttpServer::at(ANYWHERE).route("orders", "POST, GET /orders")
}

#[tokio::test]
async fn curl_gets_its_answers() {
    let site = gateway(server()).await;
    let ask = async |arguments: &[&str]| curl(&site, "http", arguments).await;
    for version in [
        "--http1.1",
        "--http1.0",
        "--http2-prior-knowledge",
        "--http2",
    ] {
        let answer = ask(&[version, "--data", "hello"]).await;
        assert!(answer.ends_with("\r\n\r\nHELLO"), "{version}: {answer}");
    }
    let bad = ask(&["--data", "bad"]).await;
    assert!(bad.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{bad}");
    assert!(bad.ends_with("check: that is bad\n"), "{bad}");
    let bad = ask(&["--data", "bad", "--header", "accept: application/json"]).await;
    assert!(bad.contains(r#""message":"that is bad""#), "{bad}");
    let who = ask(&["--data", "who"]).await;
    assert!(who.starts_with("HTTP/1.1 401"), "{who}");
    assert!(
        who.contains("www-authenticate: Basic realm=\"all\""),
        "{who}"
    );
    let refused = ask(&["--request", "DELETE"]).await;
    assert!(refused.starts_with("HTTP/1.1 405"), "{refused}");
    assert!(
        refused.contains("allow: GET, HEAD, OPTIONS, POST\r\n"),
        "{refused}"
    );
    let head = ask(&["--head"]).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    site.stop().await;
}

#[tokio::test]
async fn curl_may_send_large_bodies() {
    let site = gateway(server().body_limit(3 << 20)).await;
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (fits, large) = (path.join("fits"), path.join("large"));
    fs::write(&fits, "x".repeat(2 << 20)).unwrap();
    fs::write(&large, "x".repeat(4 << 20)).unwrap();
    let (fits, large) = (fits.to_str().unwrap(), large.to_str().unwrap());
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        // curl asks for leave (100) before it sends bodies as large as these.
        let data = format!("@{fits}");
        let answer = curl(&site, "http", &[version, "--data-binary", &data]).await;
        assert!(
            answer.ends_with(&"X".repeat(2 << 20)),
            "{version}: {} bytes",
            answer.len()
        );
        // Without a length it comes in chunks.
        let chunked = [
            version,
            "--data-binary",
            &data,
            "--header",
            "transfer-encoding: chunked",
        ];
        // HTTP/2 has no chunks, and forbids the header.
        let chunked = if version == "--http1.1" {
            &chunked[..]
        } else {
            &chunked[..3]
        };
        let answer = curl(&site, "http", chunked).await;
        assert!(
            answer.ends_with(&"X".repeat(2 << 20)),
            "{version}: {} bytes",
            answer.len()
        );
        let data = format!("@{large}");
        let refused = curl(&site, "http", &[version, "--data-binary", &data]).await;
        assert!(refused.contains(" 413"), "{version}: {refused}");
        assert!(
            refused.ends_with("the body is larger than 3 MiB\n"),
            "{version}: {refused}"
        );
    }
    assert_eq!(site.flow.snapshot().bytes, 0);
    site.stop().await;
}

#[tokio::test]
async fn curl_trusts_the_certificate() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (certificate, key) = (path.join("curl.crt"), path.join("curl.key"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let site = gateway(server().tls(certificate.clone(), key)).await;
    let certificate = certificate.to_str().unwrap();
    for (version, line) in [("--http1.1", "HTTP/1.1 200"), ("--http2", "HTTP/2 200")] {
        let answer = curl(
            &site,
            "https",
            &["--cacert", certificate, version, "--data", "a"],
        )
        .await;
        assert!(
            answer.starts_with(line) && answer.ends_with("\r\n\r\nA"),
            "{answer}"
        );
    }
    site.stop().await;
}
