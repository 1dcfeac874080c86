//! How requests and servers end.

use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Actor, Context, Event, Result};
use compysition_http::{HttpServer, OnDisconnect};
use tokio::sync::Notify;

use crate::support::{ANYWHERE, Site, site};

/// Answers when it is told to.
struct Held {
    arrived: Arc<Notify>,
    go: Arc<Notify>,
}

impl Actor for Held {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.arrived.notify_one();
        self.go.notified().await;
        ctx.send(event)
    }
}

struct Scene {
    site: Site,
    arrived: Arc<Notify>,
    go: Arc<Notify>,
}

async fn scene(server: HttpServer) -> Scene {
    let (arrived, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let held = Held {
        arrived: arrived.clone(),
        go: go.clone(),
    };
    let site = site(server, |director, http| {
        let held = director.register("held", held);
        let after = director.register("after", compysition_core::inspect(|_| ()));
        director.connect(http, held);
        director.connect(held, after);
        director.connect(after, http);
    })
    .await;
    Scene { site, arrived, go }
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    for choice in [OnDisconnect::Finish, OnDisconnect::Cancel] {
        let scene = scene(HttpServer::at(ANYWHERE).on_disconnect(choice)).await;
        let mut client = scene.site.connect().await;
        client.send("POST /", "x").await;
        scene.arrived.notified().await;
        drop(client);
        // A second one shows that the server has seen the first one go.
        let mut second = scene.site.connect().await;
        scene.go.notify_one();
        second.send("POST /", "y").await;
        scene.arrived.notified().await;
        scene.go.notify_one();
        assert_eq!(second.response().await.body, "y");
        drop(second);
        scene.site.stop().await;
    }
}

#[tokio::test]
async fn what_is_under_way_is_answered_before_the_end() {
    let scene = scene(HttpServer::at(ANYWHERE)).await;
    let Scene { site, arrived, go } = scene;
    let mut idle = site.connect().await;
    let mut slow = site.connect().await;
    slow.write("POST / HTTP/1.1\r\n").await;
    let mut client = site.connect().await;
    client.send("POST /", "x").await;
    arrived.notified().await;
    let address = site.address;
    let flow = Arc::new(site.flow);
    let stopping = tokio::spawn({
        let flow = flow.clone();
        async move { flow.stop().await }
    });
    assert_eq!(idle.rest().await, "");
    // Who comes now is told so.
    let mut late = crate::support::Client(tokio::net::TcpStream::connect(address).await.unwrap());
    late.send("POST /", "late").await;
    let refused = late.response().await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(refused.header("connection"), Some("close"));
    go.notify_one();
    let response = client.response().await;
    assert_eq!((response.status, response.body.as_str()), (200, "x"));
    assert_eq!(client.rest().await, "");
    assert!(stopping.await.unwrap().is_clean());
    assert_eq!(slow.rest().await, "");
}

#[tokio::test]
async fn a_stop_under_load_answers_all_that_was_admitted() {
    let server = HttpServer::at(ANYWHERE);
    let site = crate::support::circle(server, compysition_core::map(|event: Event| event)).await;
    let address = site.address;
    let clients: Vec<_> = (0..50)
        .map(|_| {
            tokio::spawn(async move {
                let mut answered = 0;
                let Ok(stream) = tokio::net::TcpStream::connect(address).await else {
                    return answered;
                };
                let mut client = crate::support::Client(stream);
                loop {
                    let request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx";
                    if tokio::io::AsyncWriteExt::write_all(&mut client.0, request)
                        .await
                        .is_err()
                    {
                        return answered;
                    }
                    match client.try_response().await {
                        Some(response) if response.status == 200 => answered += 1,
                        Some(response) => {
                            assert_eq!(response.status, 503);
                            return answered;
                        }
                        None => return answered,
                    }
                }
            })
        })
        .collect();
    let some = async {
        while site
            .flow
            .snapshot()
            .actors
            .iter()
            .all(|actor| actor.consumed < 2_000)
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), some)
        .await
        .unwrap();
    let snapshot = Arc::new(site.flow);
    assert!(snapshot.stop().await.is_clean());
    let mut answered = 0;
    for client in clients {
        answered += client.await.unwrap();
    }
    let consumed = snapshot
        .snapshot()
        .actors
        .iter()
        .map(|actor| actor.consumed)
        .max();
    assert_eq!(Some(answered), consumed);
}
