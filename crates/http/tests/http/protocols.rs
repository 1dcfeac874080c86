//! HTTP/2, and TLS.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use compysition_core::{Director, Event, map};
use compysition_http::HttpServer;
use http::{Request, StatusCode, Version};
use hyper::body::{Body, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{ANYWHERE, Site, circle};

type Sender2 = http2::SendRequest<String>;

async fn echo(server: HttpServer) -> Site {
    let step = map(|event: Event| {
        let known = event.lookup("http.method").unwrap().to_string() + event.text().unwrap();
        event.with(known)
    });
    circle(server, step).await
}

async fn http2_over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Sender2 {
    let (sender, conn) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(conn);
    sender
}

async fn text(mut body: Incoming) -> String {
    let mut all = Vec::new();
    while let Some(frame) =
        std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await
    {
        let data: Bytes = frame.unwrap().into_data().unwrap();
        all.extend_from_slice(&data);
    }
    String::from_utf8(all).unwrap()
}

fn post(body: &str) -> Request<String> {
    Request::post("http://localhost/any")
        .body(body.to_owned())
        .unwrap()
}

#[tokio::test]
async fn http2_needs_no_upgrade() {
    let site = echo(HttpServer::at(ANYWHERE).body_limit(100_000)).await;
    let sender = http2_over(TcpStream::connect(site.address).await.unwrap()).await;
    // Many at a time, over one connection.
    let asked = (0..100).map(|number| {
        let mut sender = sender.clone();
        tokio::spawn(async move {
            let response = sender
                .send_request(post(&number.to_string()))
                .await
                .unwrap();
            assert_eq!(
                (response.status(), response.version()),
                (StatusCode::OK, Version::HTTP_2)
            );
            assert_eq!(
                text(response.into_body()).await,
                format!("\"POST\"{number}")
            );
        })
    });
    for asked in asked.collect::<Vec<_>>() {
        asked.await.unwrap();
    }
    let mut sender = sender;
    let large = "x".repeat(90_000);
    let response = sender.send_request(post(&large)).await.unwrap();
    assert_eq!(text(response.into_body()).await.len(), 90_006);
    let response = sender
        .send_request(post(&"x".repeat(100_001)))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let head = Request::head("http://localhost/")
        .body(String::new())
        .unwrap();
    let response = sender.send_request(head).await.unwrap();
    assert_eq!(response.headers()["content-length"], "6");
    assert_eq!(text(response.into_body()).await, "");
    site.stop().await;
}

/// Makes a certificate for localhost, and the files of it and its key.
fn certificate(name: &str) -> (rcgen::CertifiedKey<rcgen::KeyPair>, PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let certificate = directory.join(format!("{name}.crt"));
    let key = directory.join(format!("{name}.key"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (made, certificate, key)
}

#[tokio::test]
async fn tls_speaks_what_is_agreed_on() {
    let (made, certificate, key) = certificate("tls");
    let site = echo(HttpServer::at(ANYWHERE).tls(certificate, key)).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connect = async |protocol: &[u8]| {
        let mut config = config.clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(site.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .unwrap()
    };
    let mut sender = http2_over(connect(b"h2").await).await;
    let response = sender.send_request(post("two")).await.unwrap();
    assert_eq!(text(response.into_body()).await, "\"POST\"two");
    let stream = TokioIo::new(connect(b"http/1.1").await);
    let (mut sender, conn) = http1::handshake(stream).await.unwrap();
    tokio::spawn(conn);
    for _ in 0..2 {
        let response = sender.send_request(post("one")).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_11);
        assert_eq!(text(response.into_body()).await, "\"POST\"one");
    }
    // Who speaks without TLS learns nothing, and harms nobody.
    let mut plain = site.connect().await;
    plain.write("GET / HTTP/1.1\r\n\r\n").await;
    assert!(!plain.bytes().await.starts_with(b"HTTP"));
    site.stop().await;
}

#[tokio::test]
async fn a_server_without_its_certificate_does_not_start() {
    let (_, certificate, _) = certificate("missing");
    let mut director = Director::new("test");
    let server = HttpServer::at(ANYWHERE).tls(certificate, "no/such/file.key");
    let http = director.register("http", server);
    let step = director.register("step", map(|event: Event| event));
    director.connect(http, step);
    director.connect(step, http);
    let problems = director.start().await.err().unwrap().problems;
    let message = &problems[0].message;
    assert!(
        message.contains("`no/such/file.key` cannot be used for TLS"),
        "{message}"
    );
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let site = echo(HttpServer::at(ANYWHERE)).await;
    let mut director = Director::new("test");
    let http = director.register("http", HttpServer::at(site.address.to_string()));
    let step = director.register("step", map(|event: Event| event));
    director.connect(http, step);
    director.connect(step, http);
    let problems = director.start().await.err().unwrap().problems;
    let wanted = format!("cannot listen on {}", site.address);
    assert!(
        problems[0].message.contains(&wanted),
        "{}",
        problems[0].message
    );
    site.stop().await;
}
