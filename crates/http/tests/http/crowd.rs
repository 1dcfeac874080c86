//! Many clients at once.

use std::sync::Arc;

use compysition_core::{Actor, Context, Event, Limits, Result};
use compysition_http::HttpServer;
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use crate::support::{ANYWHERE, Client, site};

const CLIENTS: usize = 1_000;
const ROUNDS: usize = 3;

/// Lets no event on before that of every client is here.
struct Gather(Arc<Barrier>);

impl Actor for Gather {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let all = self.0.clone();
        ctx.spawn(event, move |event, ctx| async move {
            all.wait().await;
            ctx.send(event)
        });
        Ok(())
    }
}

#[tokio::test]
async fn a_thousand_requests_at_a_time_are_all_answered() {
    let site = site(HttpServer::at(ANYWHERE), |director, http| {
        let gather = director.register("gather", Gather(Arc::new(Barrier::new(CLIENTS))));
        director.connect(http, gather);
        director.connect(gather, http);
    })
    .await;
    let address = site.address;
    let ask = move |number: usize| async move {
        let mut client = Client(TcpStream::connect(address).await.unwrap());
        for round in 0..ROUNDS {
            let body = format!("{number} {round}");
            client.send("POST /", &body).await;
            let response = client.response().await;
            assert_eq!((response.status, response.body), (200, body));
        }
        client
    };
    let asked: Vec<_> = (0..CLIENTS)
        .map(|number| tokio::spawn(ask(number)))
        .collect();
    let mut clients = Vec::new();
    for asked in asked {
        clients.push(asked.await.unwrap());
    }
    let snapshot = site.flow.snapshot();
    assert_eq!(snapshot.delivered, (CLIENTS * ROUNDS) as u64);
    assert_eq!((snapshot.permits, snapshot.bytes, snapshot.open), (0, 0, 0));
    site.stop().await;
    for mut client in clients {
        assert_eq!(client.rest().await, "");
    }
}

#[tokio::test]
async fn who_waits_for_a_permit_gets_one_in_time() {
    let site = site(HttpServer::at(ANYWHERE), |director, http| {
        director.set_limits(Limits {
            roots: 2,
            ..Limits::default()
        });
        let step = director.register("step", compysition_core::map(|event: Event| event));
        director.connect(http, step);
        director.connect(step, http);
    })
    .await;
    let asked = (0..100).map(|number: usize| {
        let address = site.address;
        tokio::spawn(async move {
            let mut client = Client(TcpStream::connect(address).await.unwrap());
            client.send("POST /", &number.to_string()).await;
            assert_eq!(client.response().await.body, number.to_string());
        })
    });
    for asked in asked.collect::<Vec<_>>() {
        asked.await.unwrap();
    }
    site.stop().await;
}
