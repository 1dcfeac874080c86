//! Clients that go away, or take their time.

use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Actor, Context, Event, Limits, Result, Snapshot, map};
use compysition_http::{HttpClient, HttpServer};
use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

use crate::support::{ANYWHERE, Client, Site, circle, site};

/// Tells that an event has arrived, and sends it on when it may.
struct Turnstile {
    arrived: Arc<Semaphore>,
    leave: Arc<Semaphore>,
}

impl Actor for Turnstile {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.arrived.add_permits(1);
        self.leave.acquire().await?.forget();
        ctx.send(event)
    }
}

/// `http -> turnstile -> after -> http`.
async fn turnstile(server: HttpServer, limits: Limits) -> (Site, Arc<Semaphore>, Arc<Semaphore>) {
    let (arrived, leave) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let actor = Turnstile {
        arrived: arrived.clone(),
        leave: leave.clone(),
    };
    let site = site(server, |director, http| {
        director.set_limits(limits);
        let turnstile = director.register("turnstile", actor);
        let after = director.register("after", Forward);
        director.connect(http, turnstile);
        director.connect(turnstile, after);
        director.connect(after, http);
    })
    .await;
    (site, arrived, leave)
}

struct Forward;

impl Actor for Forward {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

async fn until(site: &Site, what: impl Fn(&Snapshot) -> bool) {
    let reached = async {
        while !what(&site.flow.snapshot()) {
            tokio::task::yield_now().await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(20), reached).await;
    assert!(reached.is_ok(), "{:?}", site.flow.snapshot());
}

/// Returns how many events the actor `after` has skipped, and how many it has sent on.
fn after(site: &Site) -> (u64, u64) {
    let snapshot = site.flow.snapshot();
    let after = snapshot
        .actors
        .iter()
        .find(|actor| actor.name == "after")
        .unwrap();
    (after.skipped, after.links[0].passed)
}

/// Keeps each event until its client has gone, and sends it on then.
struct Stubborn(Arc<Semaphore>);

impl Actor for Stubborn {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.add_permits(1);
        ctx.cancelled().await;
        assert!(event.is_cancelled());
        ctx.send(event)
    }
}

#[tokio::test]
async fn a_get_is_left_where_it_is_when_its_client_goes() {
    let arrived = Arc::new(Semaphore::new(0));
    let site = site(HttpServer::at(ANYWHERE), |director, http| {
        let stubborn = director.register("stubborn", Stubborn(arrived.clone()));
        let after = director.register("after", Forward);
        director.connect(http, stubborn);
        director.connect(stubborn, after);
        director.connect(after, http);
    })
    .await;
    let mut client = site.connect().await;
    client.send("GET /", "").await;
    arrived.acquire().await.unwrap().forget();
    drop(client);
    until(&site, |snapshot| snapshot.open == 0).await;
    assert_eq!(after(&site), (1, 0));
    assert_eq!(site.flow.snapshot().permits, 0);
    site.stop().await;
}

#[tokio::test]
async fn a_call_is_broken_off_when_its_client_goes() {
    // It takes connections, and never answers.
    let back_end = TcpListener::bind(ANYWHERE).await.unwrap();
    let url = format!("http://{}/", back_end.local_addr().unwrap());
    let site = site(HttpServer::at(ANYWHERE), |director, http| {
        let ask = director.register("ask", HttpClient::new(url).unwrap());
        director.connect(http, ask);
        director.connect(ask, http);
    })
    .await;
    let mut client = site.connect().await;
    client.send("GET /", "").await;
    let (connection, _) = back_end.accept().await.unwrap();
    drop(client);
    until(&site, |snapshot| snapshot.open == 0).await;
    drop(connection);
    site.stop().await;
}

#[tokio::test]
async fn a_post_is_finished_when_its_client_goes() {
    let (site, arrived, leave) = turnstile(HttpServer::at(ANYWHERE), Limits::default()).await;
    let mut client = site.connect().await;
    client.send("POST /", "x").await;
    arrived.acquire().await.unwrap().forget();
    drop(client);
    leave.add_permits(1);
    until(&site, |snapshot| snapshot.open == 0).await;
    assert_eq!(after(&site), (0, 1));
    assert_eq!(site.flow.snapshot().permits, 0);
    site.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_its_body_gives_its_permit_back() {
    let site = circle(HttpServer::at(ANYWHERE), map(|event: Event| event)).await;
    for head in ["content-length: 100000", "transfer-encoding: chunked"] {
        let mut client = site.connect().await;
        client
            .write(&format!(
                "POST / HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n5\r\nhello\r\n"
            ))
            .await;
        until(&site, |snapshot| {
            snapshot.permits == 1 && snapshot.bytes > 5
        })
        .await;
        drop(client);
        until(&site, |snapshot| {
            snapshot.permits == 0 && snapshot.bytes == 0
        })
        .await;
    }
    site.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_the_queue_makes_room_for_the_next() {
    let limits = Limits {
        roots: 1,
        ..Limits::default()
    };
    let server = HttpServer::at(ANYWHERE).max_waiting(1);
    let (site, arrived, leave) = turnstile(server, limits).await;
    let mut first = site.connect().await;
    first.send("POST /", "first").await;
    arrived.acquire().await.unwrap().forget();
    for _ in 0..3 {
        let mut waiting = site.connect().await;
        waiting.send("POST /", "waiting").await;
        // Who comes after the one that waits is refused, which shows that it does wait.
        while site.ask("POST /", "refused?").await.status != 503 {}
        drop(waiting);
        // And now its place is free.
        let mut next = site.connect().await;
        next.send("POST /\nx-a: b", "next").await;
        drop(next);
    }
    leave.add_permits(100);
    assert_eq!(first.response().await.body, "first");
    until(&site, |snapshot| {
        snapshot.permits == 0 && snapshot.open == 0
    })
    .await;
    assert_eq!(site.ask("POST /", "again").await.body, "again");
    site.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_reset_is_a_client_that_went_away() {
    let arrived = Arc::new(Semaphore::new(0));
    let site = circle(HttpServer::at(ANYWHERE), Stubborn(arrived.clone())).await;
    let stream = TokioIo::new(TcpStream::connect(site.address).await.unwrap());
    let (mut sender, conn) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream)
        .await
        .unwrap();
    tokio::spawn(conn);
    let request = Request::get("http://localhost/")
        .body(String::new())
        .unwrap();
    tokio::select! {
        _ = sender.send_request(request) => panic!("answered before its client has gone"),
        arrived = arrived.acquire() => arrived.unwrap().forget(),
    }
    // The connection is still there; only the stream is not.
    until(&site, |snapshot| {
        snapshot.open == 0 && snapshot.permits == 0
    })
    .await;
    assert!(sender.is_ready());
    site.stop().await;
}

#[tokio::test]
async fn a_body_that_is_under_way_when_the_flow_stops_is_read_and_answered() {
    let site = circle(HttpServer::at(ANYWHERE), map(|event: Event| event)).await;
    let mut client = site.connect().await;
    client
        .write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhello")
        .await;
    until(&site, |snapshot| snapshot.permits == 1).await;
    let flow = Arc::new(site.flow);
    let (stopping, own) = (Arc::new(Notify::new()), flow.clone());
    let stopped = tokio::spawn({
        let stopping = stopping.clone();
        async move {
            stopping.notify_one();
            own.stop().await
        }
    });
    stopping.notified().await;
    let mut late = Client(TcpStream::connect(site.address).await.unwrap());
    late.send("POST /", "late").await;
    assert_eq!(late.response().await.status, 503);
    client.write("world").await;
    let response = client.response().await;
    assert_eq!(
        (response.status, response.body.as_str()),
        (200, "helloworld")
    );
    assert!(stopped.await.unwrap().is_clean());
}
