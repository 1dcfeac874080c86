//! The door in somebody else's server.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use compysition_core::{Director, Event, map};
use compysition_http::{HttpEvent, HttpServer};
use http::Request;
use hyper::body::{Body, Bytes, Frame};
use tokio::time::{Instant, timeout};
use tower_service::Service;

use crate::support::{ANYWHERE, Client};

#[tokio::test]
async fn a_flow_is_a_part_of_an_axum_app() {
    let server = HttpServer::mounted().route("upper", "POST /flow/{name}");
    let service = server.service();
    let app = Router::new()
        .route("/health", get(|| async { "well" }))
        .route_service("/flow/{name}", service);
    let listener = tokio::net::TcpListener::bind(ANYWHERE).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(listener, app).into_future());
    let ask = async |head: &str, body: &str| {
        let mut client = Client(tokio::net::TcpStream::connect(address).await.unwrap());
        client.send(head, body).await;
        client.response().await
    };
    assert_eq!(ask("POST /flow/a", "early").await.status, 503);

    let mut director = Director::new("test");
    let http = director.register("http", server);
    let upper = director.register(
        "upper",
        map(|event: Event| {
            let name = event.http().variable("name").unwrap().into_owned();
            let text = format!("{name}: {}", event.text().unwrap().to_uppercase());
            event.with(text)
        }),
    );
    director.connect((http, "upper"), upper);
    director.connect(upper, http);
    let flow = director.start().await.unwrap();

    let response = ask("POST /flow/b", "hello").await;
    assert_eq!((response.status, response.body.as_str()), (200, "b: HELLO"));
    assert_eq!(ask("GET /flow/b", "").await.status, 405);
    assert_eq!(ask("GET /health", "").await.body, "well");
    assert!(flow.stop().await.is_clean());
    assert_eq!(ask("POST /flow/b", "late").await.status, 503);
    serving.abort();
}

/// A body that never comes.
struct Stalled;

impl Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_holds_up_no_stop() {
    let server = HttpServer::mounted();
    let mut service = server.service();
    let mut director = Director::new("test");
    let http = director.register("http", server);
    director.connect(http, http);
    let flow = director.start().await.unwrap();
    let mut asked = tokio::spawn(service.call(Request::post("/").body(Stalled).unwrap()));
    let a_while = timeout(Duration::from_secs(20), &mut asked).await;
    assert!(a_while.is_err(), "it may come as long as the flow runs");
    let begin = Instant::now();
    assert!(flow.stop().await.is_clean());
    assert!(
        begin.elapsed() < Duration::from_secs(3),
        "{:?}",
        begin.elapsed()
    );
    let response = asked.await.unwrap().unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
}
