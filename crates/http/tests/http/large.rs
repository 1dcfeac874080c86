//! Answers that a client takes slowly, and events that are too large.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Event, Limits, map};
use compysition_http::HttpServer;
use http::Request;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::support::{ANYWHERE, Client, Site, circle, site};

/// More than a socket and all windows hold.
const LARGE: usize = 8 << 20;

async fn large(server: HttpServer) -> Site {
    circle(server, map(|event: Event| event.with("x".repeat(LARGE)))).await
}

/// Asks over HTTP/2 with narrow windows, and reads no body yet.
async fn ask(site: &Site) -> Incoming {
    let stream = TokioIo::new(TcpStream::connect(site.address).await.unwrap());
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .initial_stream_window_size(64 << 10)
        .initial_connection_window_size(64 << 10);
    let (mut sender, conn) = builder.handshake(stream).await.unwrap();
    tokio::spawn(conn);
    let request = Request::get("http://localhost/")
        .body(String::new())
        .unwrap();
    sender.send_request(request).await.unwrap().into_body()
}

/// Reads at least `wanted` bytes; less only if there is no more.
async fn read(body: &mut Incoming, wanted: usize) -> usize {
    let mut length = 0;
    while length < wanted {
        let Some(frame) = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await else {
            break;
        };
        match frame {
            Ok(frame) => length += frame.into_data().unwrap().len(),
            Err(error) => panic!("cut off after {length} bytes: {error}"),
        }
    }
    length
}

#[tokio::test]
async fn a_large_answer_may_be_read_slowly() {
    let patience = Duration::from_millis(500);
    let site = large(HttpServer::at(ANYWHERE).header_timeout(patience)).await;
    let mut body = ask(&site).await;
    let mut length = 0;
    for _ in 0..20 {
        length += read(&mut body, LARGE / 40).await;
        // All in all twice as long as a connection may be idle.
        tokio::time::sleep(patience / 10).await;
    }
    length += read(&mut body, LARGE).await;
    assert_eq!(length, LARGE);
    site.stop().await;
}

#[tokio::test]
async fn a_large_answer_is_sent_to_its_end_when_the_flow_stops() {
    let site = large(HttpServer::at(ANYWHERE)).await;
    let mut body = ask(&site).await;
    let mut client = site.connect().await;
    client.send("GET /", "").await;
    let mut first = [0; 1];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut first)
        .await
        .unwrap();
    let flow = Arc::new(site.flow);
    let own = flow.clone();
    let stopping = tokio::spawn(async move { own.stop().await });
    // When all has been answered, nobody is told anything any more.
    loop {
        let Ok(stream) = TcpStream::connect(site.address).await else {
            break;
        };
        let mut late = Client(stream);
        late.send("GET /", "").await;
        if late.try_response().await.is_none() {
            break;
        }
    }
    let (over_http2, over_http1) = tokio::join!(read(&mut body, LARGE), client.bytes());
    assert_eq!(over_http2, LARGE);
    assert!(over_http1.ends_with(b"xxx") && over_http1.len() > LARGE);
    assert!(stopping.await.unwrap().is_clean());
}

#[tokio::test]
async fn an_event_larger_than_the_budget_is_refused() {
    let site = site(HttpServer::at(ANYWHERE), |director, http| {
        director.set_limits(Limits {
            bytes: 10_000,
            ..Limits::default()
        });
        let step = director.register("step", map(|event: Event| event));
        director.connect(http, step);
        director.connect(step, http);
    })
    .await;
    assert_eq!(site.ask("POST /", &"x".repeat(9_000)).await.status, 200);
    let refused = site.ask("POST /", &"x".repeat(10_000)).await;
    assert_eq!(refused.status, 413);
    assert!(
        refused.body.contains("may be in flight"),
        "{}",
        refused.body
    );
    site.stop().await;
}
