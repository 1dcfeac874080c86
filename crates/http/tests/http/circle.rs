//! Requests that go round a flow.

use std::time::{Duration, Instant};

use crate::support::{ANYWHERE, circle, site};
use compysition_core::{Error, Event, inspect, map};
use compysition_http::{AnswerMode, ErrorBody, HttpEvent, HttpServer, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_body_comes_back() {
    let site = circle(
        HttpServer::at(ANYWHERE),
        map(|event: Event| {
            let text = event.text()?.to_uppercase();
            Ok(event.with(text))
        }),
    )
    .await;
    let response = site
        .ask("POST /any/where?x=1\ncontent-type: text/plain", "hello")
        .await;
    assert_eq!((response.status, response.body.as_str()), (200, "HELLO"));
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(response.header("x-correlation-id").unwrap().len() >= 26);
    site.stop().await;
}

#[tokio::test]
async fn connections_are_kept_and_requests_pipelined() {
    let site = circle(HttpServer::at(ANYWHERE), map(|event: Event| event)).await;
    let mut client = site.connect().await;
    for number in 0..3 {
        client.send("POST /", &number.to_string()).await;
        assert_eq!(client.response().await.body, number.to_string());
    }
    client.send("POST /", "a").await;
    client.send("POST /", "b").await;
    assert_eq!(client.response().await.body, "a");
    assert_eq!(client.response().await.body, "b");
    site.stop().await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn an_event_knows_its_request() {
    let site = circle(
        HttpServer::at(ANYWHERE),
        map(|event: Event| {
            let known = json!({
                "query": event.http().query("q"), "header": event.http().header("x-a"),
                "json": event.lookup("http.method"), "meta_id": event.meta_id(),
                "client": event.http().client().map(|client| client.ip().to_string()),
            });
            event.with(known)
        }),
    )
    .await;
    let response = site
        .ask("GET /a?q=1\nx-a: b\nx-correlation-id: my-id", "")
        .await;
    let known = json!({"query": "1", "header": "b", "json": "GET", "meta_id": "my-id", "client": "127.0.0.1"});
    assert_eq!(response.json(), known);
    assert_eq!(response.header("x-correlation-id"), Some("my-id"));
    assert_eq!(response.header("content-type"), Some("application/json"));
    site.stop().await;
}

#[tokio::test]
async fn routes_lead_to_their_outboxes() {
    let server = HttpServer::at(ANYWHERE)
        .route("new", "POST /orders")
        .route("one", "GET /orders/{id}");
    let site = site(server, |director, http| {
        let new = director.register(
            "creator",
            map(|mut event: Event| {
                event.set_status(StatusCode::CREATED);
                event.set_response_header("location", "/orders/7")?;
                Ok(event)
            }),
        );
        let one = director.register(
            "finder",
            map(|event: Event| {
                let id = event.attribute("id").unwrap().into_owned();
                let service = event.service().to_owned();
                event.with(json!({ "id": id, "service": service }))
            }),
        );
        director.connect((http, "new"), new);
        director.connect((http, "one"), one);
        director.connect([new, one], http);
    })
    .await;
    let made = site.ask("POST /orders/", "x").await;
    assert_eq!(
        (made.status, made.header("location")),
        (201, Some("/orders/7"))
    );
    assert_eq!(
        site.ask("GET /orders/a%20b", "").await.json(),
        json!({"id": "a b", "service": "one"})
    );
    let missing = site.ask("GET /nowhere\naccept: application/json", "").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["errors"][0]["code"], "not_found");
    let refused = site.ask("DELETE /orders", "").await;
    assert_eq!(
        (refused.status, refused.header("allow")),
        (405, Some("OPTIONS, POST"))
    );
    let options = site.ask("OPTIONS /orders/1", "").await;
    assert_eq!(
        (options.status, options.header("allow")),
        (204, Some("GET, HEAD, OPTIONS"))
    );
    let mut client = site.connect().await;
    client.send("HEAD /orders/1\nconnection: close", "").await;
    let head = client.rest().await;
    assert!(
        head.starts_with("HTTP/1.1 200 OK") && head.contains("content-length: 26\r\n"),
        "{head}"
    );
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    site.stop().await;
}

#[tokio::test]
async fn an_error_is_answered_wherever_it_goes() {
    for is_connected in [true, false] {
        let site = site(HttpServer::at(ANYWHERE), |director, http| {
            let check = map(|event: Event| match event.text()? {
                "" => Err(Error::unauthorized("who are you").with_detail("realm", "orders")),
                _ => Err::<Event, _>(Error::malformed("no such element").with_detail("line", 3)),
            });
            let check = director.register("check", check);
            director.connect(http, check);
            director.connect(check, http);
            if is_connected {
                director.connect_error(check, http);
            }
        })
        .await;
        let response = site.ask("POST /\ncontent-type: text/xml", "<a/>").await;
        assert_eq!(response.status, 400);
        assert_eq!(response.header("content-type"), Some("application/xml"));
        for part in [
            "<errors><error>",
            "<message>no such element</message>",
            "<line>3</line>",
            "<code>malformed</code>",
        ] {
            assert!(response.body.contains(part), "{}", response.body);
        }
        let response = site.ask("GET /", "").await;
        let challenge = "Basic realm=\"orders\", charset=\"UTF-8\"";
        assert_eq!(
            (response.status, response.header("www-authenticate")),
            (401, Some(challenge))
        );
        assert_eq!(response.body, "check: who are you\n");
        site.stop().await;
    }
}

#[tokio::test]
async fn problems_are_details_of_a_problem() {
    let server = HttpServer::at(ANYWHERE).error_body(ErrorBody::Problem);
    let site = circle(
        server,
        map(|_: Event| Err::<Event, _>(Error::conflict("taken"))),
    )
    .await;
    let response = site
        .ask("POST /\ncontent-type: application/json", "{}")
        .await;
    assert_eq!(response.status, 409);
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(response.json()["detail"], "taken");
    site.stop().await;
}

#[tokio::test]
async fn a_dropped_event_is_answered_at_once_and_names_the_actor() {
    let site = circle(HttpServer::at(ANYWHERE), map(|_: Event| None::<Event>)).await;
    let asked = Instant::now();
    let response = site
        .ask("POST /\ncontent-type: application/json", "{}")
        .await;
    assert!(asked.elapsed() < Duration::from_millis(100));
    assert_eq!(response.status, 502);
    assert_eq!(response.json()["errors"][0]["actor"], "step");
    assert!(
        response.body.contains("the last copy ended at `step`"),
        "{}",
        response.body
    );
    site.stop().await;
}

#[tokio::test]
async fn a_client_may_wait_for_less() {
    let server = HttpServer::at(ANYWHERE).answer(AnswerMode::Accepted);
    let site = circle(server, inspect(|_| ())).await;
    let response = site.ask("POST /", "x").await;
    assert_eq!(response.status, 202);
    assert!(response.header("x-correlation-id").is_some());
    site.stop().await;

    let server = HttpServer::at(ANYWHERE).answer(AnswerMode::Delivered);
    let site = circle(
        server,
        map(|event: Event| match event.text()? {
            "bad" => Err(Error::unprocessable("bad")),
            _ => Ok(None::<Event>),
        }),
    )
    .await;
    assert_eq!(site.ask("POST /", "good").await.status, 204);
    let response = site.ask("POST /", "bad").await;
    assert_eq!(
        (response.status, response.body.as_str()),
        (422, "step: bad\n")
    );
    site.stop().await;
}

#[tokio::test]
async fn a_panic_is_an_error_that_tells_nothing() {
    let site = circle(
        HttpServer::at(ANYWHERE),
        map(|event: Event| {
            if event.text().is_ok() {
                panic!("secret");
            }
            event
        }),
    )
    .await;
    let response = site.ask("POST /", "x").await;
    assert_eq!(
        (response.status, response.body.as_str()),
        (500, "step: internal error\n")
    );
    site.stop().await;
}
