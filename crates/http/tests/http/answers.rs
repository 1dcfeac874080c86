//! Which of several answers counts.

use std::time::Duration;

use compysition_core::{Actor, Context, Error, Event, Result, map};
use compysition_http::{HttpEvent, HttpServer, StatusCode};
use tokio::io::AsyncWriteExt;

use crate::support::{ANYWHERE, Site, site};

/// `http -> one, two -> http`.
async fn fork<One, Two>(
    one: impl compysition_core::IntoActor<One>,
    two: impl compysition_core::IntoActor<Two>,
) -> Site {
    site(HttpServer::at(ANYWHERE), |director, http| {
        let one = director.register("one", one);
        let two = director.register("two", two);
        director.connect(http, [one, two]);
        director.connect([one, two], http);
    })
    .await
}

struct Forward;

impl Actor for Forward {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

#[tokio::test]
async fn the_first_answer_counts_and_the_second_is_counted() {
    let site = fork(Forward, Forward).await;
    for number in 1..=3 {
        assert_eq!(site.ask("POST /", "x").await.body, "x");
        while site.flow.snapshot().open > 0 {
            tokio::task::yield_now().await;
        }
        let door = &site.flow.snapshot().actors[0];
        assert_eq!((door.answered, door.late, door.strays), (number, number, 0));
    }
    site.stop().await;
}

#[tokio::test]
async fn one_copy_may_be_dropped_but_not_all() {
    let site = fork(map(|_: Event| None::<Event>), Forward).await;
    assert_eq!(site.ask("POST /", "x").await.body, "x");
    site.stop().await;
    let drops = || map(|_: Event| None::<Event>);
    let site = fork(drops(), drops()).await;
    let refused = site.ask("POST /", "x").await;
    assert_eq!(refused.status, 502);
    assert!(
        refused.body.contains("one") || refused.body.contains("two"),
        "{}",
        refused.body
    );
    site.stop().await;
}

#[tokio::test]
async fn an_error_gives_way_to_an_answer() {
    let fails = map(|_: Event| Err::<Event, _>(Error::conflict("taken")));
    let site = fork(fails, Forward).await;
    assert_eq!(site.ask("POST /", "x").await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn a_failure_that_was_dealt_with_is_a_success() {
    let site = site(HttpServer::at(ANYWHERE), |director, http| {
        let fails = director.register(
            "fails",
            map(|_: Event| Err::<Event, _>(Error::conflict("taken"))),
        );
        let recovers = director.register(
            "recovers",
            map(|event: Event| {
                let mut event = event.recovered().with("dealt with");
                event.set_status(StatusCode::ACCEPTED);
                event
            }),
        );
        director.connect(http, fails);
        director.connect(fails, http);
        director.connect_error(fails, recovers);
        director.connect(recovers, http);
    })
    .await;
    let response = site.ask("POST /", "x").await;
    assert_eq!(
        (response.status, response.body.as_str()),
        (202, "dealt with")
    );
    site.stop().await;
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let patience = Duration::from_millis(200);
    let server = HttpServer::at(ANYWHERE).header_timeout(patience);
    let site = crate::support::circle(server, Forward).await;
    let client = site.connect().await;
    let (mut reads, mut writes) = client.0.into_split();
    let slow = async {
        writes.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
        // Without the server's patience this would go on for ever.
        while writes.write_all(b"x").await.is_ok() {
            tokio::time::sleep(patience / 20).await;
        }
    };
    let mut answer = Vec::new();
    // A reset is an end too; what came before it counts.
    let read = tokio::io::AsyncReadExt::read_to_end(&mut reads, &mut answer);
    let _ = tokio::join!(slow, read);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer:?}");
    site.stop().await;
}
