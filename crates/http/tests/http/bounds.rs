//! What a door refuses, and when it loses patience.

use std::time::Duration;

use compysition_core::{Error, Event, Limits, map};
use compysition_http::HttpServer;
use serde_json::json;

use tokio::io::AsyncWriteExt;

use crate::support::{ANYWHERE, circle, site};

fn echo() -> compysition_core::Map<impl FnMut(Event) -> Event + Send + 'static> {
    map(|event: Event| event)
}

#[tokio::test]
async fn a_large_body_is_refused_by_its_length_and_by_counting() {
    let site = circle(HttpServer::at(ANYWHERE).body_limit(10), echo()).await;
    assert_eq!(site.ask("POST /", "0123456789").await.status, 200);
    let large = site
        .ask("POST /\ncontent-type: application/json", "0123456789A")
        .await;
    assert_eq!(large.status, 413);
    assert_eq!(
        large.json()["errors"][0]["message"],
        "the body is larger than 10 bytes"
    );
    let mut client = site.connect().await;
    client.send("POST /\ntransfer-encoding: chunked", "").await;
    client
        .write("8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n")
        .await;
    assert_eq!(client.response().await.status, 413);
    site.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_too_much_still_reads_its_answer() {
    let site = circle(HttpServer::at(ANYWHERE).body_limit(10), echo()).await;
    let mut client = site.connect().await;
    client
        .write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2000000\r\n\r\n")
        .await;
    client.write(&"x".repeat(2_000_000)).await;
    assert_eq!(client.response().await.status, 413);
    site.stop().await;
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_before_it_sends() {
    let site = circle(HttpServer::at(ANYWHERE).body_limit(10), echo()).await;
    let mut client = site.connect().await;
    client
        .write("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        .await;
    assert_eq!(client.response().await.status, 100);
    client.write("hi").await;
    assert_eq!(client.response().await.body, "hi");
    let mut client = site.connect().await;
    client
        .write("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 20\r\n\r\n")
        .await;
    assert_eq!(client.response().await.status, 413);
    site.stop().await;
}

#[tokio::test]
async fn an_encoded_text_is_not_taken_for_what_it_encodes() {
    let site = circle(HttpServer::at(ANYWHERE), echo()).await;
    let refused = site
        .ask(
            "POST /\ncontent-type: application/json\ncontent-encoding: gzip",
            "{}",
        )
        .await;
    assert_eq!(refused.status, 415);
    let message = refused.json()["errors"][0]["message"].to_string();
    assert!(message.contains("encoded as gzip"), "{message}");
    for head in [
        "POST /\ncontent-type: application/gzip\ncontent-encoding: gzip",
        "POST /\ncontent-type: application/json\ncontent-encoding: identity",
    ] {
        let taken = site.ask(head, "{}").await;
        assert_eq!((taken.status, taken.body.as_str()), (200, "{}"));
    }
    site.stop().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let site = circle(HttpServer::at(ANYWHERE), echo()).await;
    let mut client = site.connect().await;
    client
        .write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf")
        .await;
    client.0.shutdown().await.unwrap();
    let refused = client.response().await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("end of file"), "{refused:?}");
    site.stop().await;
}

#[tokio::test]
async fn media_types_are_negotiated() {
    let route = json!({"path": "/", "method": "POST", "content_types": ["json", "text/plain"]});
    let config = json!({"address": ANYWHERE, "routes": {"step": route}});
    let server: HttpServer = serde_json::from_value(config).unwrap();
    let site = circle(server, echo()).await;
    let refused = site.ask("POST /\ncontent-type: text/html", "<p>").await;
    assert_eq!(refused.status, 415);
    let message = "text/html is not taken here, but application/json, text/plain is\n";
    assert_eq!(refused.body, message);
    assert_eq!(site.ask("POST /", "no type").await.status, 415);
    assert_eq!(
        site.ask("POST /\ncontent-type: text/plain", "x")
            .await
            .status,
        200
    );
    assert_eq!(
        site.ask("POST /\ncontent-type: application/hal+json", "{}")
            .await
            .status,
        200
    );
    let plain = "POST /\ncontent-type: text/plain\naccept: image/png";
    assert_eq!(site.ask(plain, "x").await.status, 406);
    site.stop().await;
}

#[tokio::test]
async fn an_answer_is_made_what_the_client_accepts() {
    let site = circle(HttpServer::at(ANYWHERE), echo()).await;
    let xml = "POST /\ncontent-type: application/xml\naccept: application/json";
    let response = site.ask(xml, "<a><b>1</b></a>").await;
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.json(), json!({"a": {"b": "1"}}));
    let json = "POST /\ncontent-type: application/json\naccept: text/xml, text/plain;q=0.5";
    let response = site.ask(json, r#"{"a":1}"#).await;
    assert_eq!(response.header("content-type"), Some("text/xml"));
    assert!(response.body.ends_with("<a>1</a>"), "{}", response.body);
    let broken = "POST /\ncontent-type: application/json\naccept: application/xml";
    let response = site.ask(broken, "{").await;
    assert_eq!(response.status, 406);
    assert!(response.body.starts_with("<errors>"), "{}", response.body);
    site.stop().await;
}

#[tokio::test]
async fn a_refusal_of_the_flow_reaches_clients_that_would_rather_have_another_form() {
    let refuse = map(|event: Event| {
        let mut refused = event.with("no item");
        refused.set_path("http.status", 422).unwrap();
        refused
    });
    let site = circle(HttpServer::at(ANYWHERE), refuse).await;
    let json = "POST /\naccept: application/json";
    let response = site.ask(json, "{}").await;
    assert_eq!((response.status, &*response.body), (422, "no item"));
    let own = Some("text/plain; charset=utf-8");
    assert_eq!(response.header("content-type"), own);
    site.stop().await;
}

#[tokio::test]
async fn slow_clients_are_sent_away() {
    let patience = Duration::from_millis(50);
    let server = HttpServer::at(ANYWHERE)
        .header_timeout(patience)
        .body_timeout(patience);
    let site = circle(server, echo()).await;
    // One that says nothing, one that never ends its head, one that never ends its body, an idle one.
    assert_eq!(site.connect().await.rest().await, "");
    let mut client = site.connect().await;
    client.write("GET / HTTP/1.1\r\nx-slow: ").await;
    assert_eq!(client.response().await.status, 408);
    let mut client = site.connect().await;
    client
        .write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nx")
        .await;
    assert_eq!(client.response().await.status, 408);
    let mut client = site.connect().await;
    client.send("POST /", "x").await;
    assert_eq!(client.response().await.status, 200);
    assert_eq!(client.rest().await, "");
    site.stop().await;
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let site = circle(HttpServer::at(ANYWHERE), echo()).await;
    for nonsense in [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n\r\n",
    ] {
        let mut client = site.connect().await;
        client.write(nonsense).await;
        assert_eq!(client.response().await.status, 400, "{nonsense}");
    }
    let mut client = site.connect().await;
    client
        .write(&format!(
            "GET / HTTP/1.1\r\nx: {}\r\n\r\n",
            "x".repeat(1 << 20)
        ))
        .await;
    assert_eq!(client.response().await.status, 431);
    assert_eq!(site.ask("POST /", "still well").await.body, "still well");
    site.stop().await;
}

#[tokio::test]
async fn a_flow_that_takes_too_long_is_answered_for() {
    let server = HttpServer::at(ANYWHERE).deadline(Duration::from_millis(30));
    let site = site(server, |director, http| {
        let slow = director.register("slow", crate::support::Never);
        director.connect(http, slow);
        director.connect(slow, http);
    })
    .await;
    let response = site
        .ask("POST /\ncontent-type: application/json", "{}")
        .await;
    assert_eq!(response.status, 504);
    assert_eq!(
        response.json()["errors"][0]["message"],
        "the flow did not answer in time"
    );
    site.flow.abort().await;
}

#[tokio::test]
async fn more_than_may_wait_are_told_to_come_again() {
    let server = HttpServer::at(ANYWHERE)
        .max_waiting(1)
        .deadline(Duration::from_millis(200));
    let site = site(server, |director, http| {
        director.set_limits(Limits {
            roots: 1,
            ..Limits::default()
        });
        let slow = director.register("slow", crate::support::Never);
        director.connect(http, slow);
        director.connect(slow, http);
    })
    .await;
    let ask = || site.ask("POST /", "x");
    let (first, second, third) = tokio::join!(ask(), ask(), ask());
    let mut statuses = [first.status, second.status, third.status];
    statuses.sort_unstable();
    // One is under way until its deadline, one waits for it, one is refused.
    assert_eq!(statuses, [503, 503, 504]);
    for response in [first, second, third] {
        assert_eq!(
            response.header("retry-after").is_some(),
            response.status == 503
        );
    }
    site.flow.abort().await;
}

#[tokio::test]
async fn an_error_may_have_any_status_of_the_table() {
    let site = circle(
        HttpServer::at(ANYWHERE),
        map(|event: Event| {
            let kind = event
                .text()?
                .parse()
                .map_err(|_| Error::internal("no kind"))?;
            Err::<Event, _>(Error::new(kind, "so it is"))
        }),
    )
    .await;
    for (kind, status) in [
        ("gone", 410),
        ("rate_exceeded", 429),
        ("unavailable", 503),
        ("exceeded", 500),
    ] {
        assert_eq!(site.ask("POST /", kind).await.status, status, "{kind}");
    }
    let response = site.ask("POST /", "not_modified").await;
    assert_eq!((response.status, response.body.as_str()), (304, ""));
    site.stop().await;
}
