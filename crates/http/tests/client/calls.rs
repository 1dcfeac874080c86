//! Calls that succeed.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use compysition_core::{Actor, Context, Director, Event, Json, Ports, Result, Xml, inspect};
use compysition_http::{HttpClient, HttpEvent};
use http::Response;
use http_body_util::Full;
use serde_json::json;
use tokio::sync::Barrier;

use super::back_end::{Asked, BackEnd, answer};
use super::{call, start};

/// Answers with what it was asked.
fn echo(asked: Asked) -> super::back_end::Answered {
    let header = |name: &str| {
        asked
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    let seen = json!({
        "method": asked.method().as_str(),
        "path": asked.uri().to_string(),
        "body": String::from_utf8_lossy(asked.body()),
        "type": header("content-type"),
        "correlation": header("x-correlation-id"),
        "authorization": header("authorization"),
        "agent": header("user-agent"),
        "x": header("x-tenant"),
    });
    answer(201, "application/json", seen.to_string())
}

#[test]
fn the_payload_is_sent_as_what_it_is() {
    let back_end = BackEnd::new(echo);
    let mut harness = start(HttpClient::new(back_end.url("/a?b=c")).unwrap());
    for (event, media_type, body) in [
        (Event::new("text"), "text/plain; charset=utf-8", "text"),
        (Event::new(Json::from_text("{}")), "application/json", "{}"),
        (
            Event::new(Xml::from_text("<a/>")),
            "application/xml",
            "<a/>",
        ),
        (Event::new(vec![65]), "application/octet-stream", "A"),
        (
            Event::new("a;b").with_attribute("content_type", "text/csv"),
            "text/csv",
            "a;b",
        ),
        (
            Event::new(json!(1)).with_attribute("content_type", "text/csv"),
            "application/json",
            "1",
        ),
    ] {
        harness.send(event);
        let answered = harness.take().pop().unwrap();
        let seen = answered.json().unwrap();
        assert_eq!(seen["method"], "POST");
        assert_eq!(seen["path"], "/a?b=c");
        assert_eq!(seen["type"], media_type);
        assert_eq!(seen["body"], body);
        assert!(seen["agent"].as_str().unwrap().starts_with("compysition/"));
    }
}

#[test]
fn one_connection_serves_many_requests() {
    let back_end = BackEnd::new(echo);
    let mut harness = start(HttpClient::new(back_end.url("/")).unwrap());
    for _ in 0..5 {
        harness.send("x");
    }
    assert_eq!(harness.take().len(), 5);
    assert_eq!(back_end.connections.load(Relaxed), 1);
}

#[test]
fn the_answer_becomes_the_payload_and_the_rest_stays() {
    let back_end = BackEnd::new(|_| {
        let mut response = answer(202, "application/soap+xml; charset=utf-8", "<ok/>");
        response
            .headers_mut()
            .insert("x-total", "7".parse().unwrap());
        response
    });
    let mut event = Event::new("x").with_attribute("color", "red");
    event.set_meta_id("m-1");
    let answered = call(HttpClient::new(back_end.url("/")).unwrap(), event).unwrap();
    assert_eq!(answered.payload().kind(), "xml");
    assert_eq!(answered.text().unwrap(), "<ok/>");
    assert_eq!(answered.meta_id(), "m-1");
    assert_eq!(*answered.attribute("color").unwrap(), "red");
    assert_eq!(
        *answered.attribute("content_type").unwrap(),
        "application/soap+xml"
    );
    let response = answered.back_end_response().unwrap();
    assert_eq!(
        (response.status.as_u16(), &response.headers["x-total"]),
        (202, &"7".parse().unwrap())
    );
    assert_eq!(
        answered.lookup("attributes.response.status"),
        Some(json!(202))
    );
    assert_eq!(
        answered.http().status(),
        None,
        "it is not the door's status"
    );
}

#[test]
fn an_event_without_a_payload_gets() {
    let back_end = BackEnd::new(echo);
    let answered = call(HttpClient::new(back_end.url("")).unwrap(), ()).unwrap();
    let seen = answered.json().unwrap();
    assert_eq!(
        (&seen["method"], &seen["path"], &seen["type"]),
        (&json!("GET"), &json!("/"), &json!(null))
    );
}

#[test]
fn an_empty_answer_is_an_empty_payload() {
    let back_end = BackEnd::new(|asked| {
        assert_eq!(asked.method(), "HEAD");
        let length = Response::builder().header("content-length", "99");
        length.body(Full::default()).unwrap()
    });
    let client = HttpClient::new(back_end.url("/"))
        .unwrap()
        .method("head")
        .unwrap();
    let answered = call(client.max_body(10), "x").unwrap();
    assert_eq!(answered.payload().kind(), "empty");
}

#[test]
fn url_method_and_headers_are_templates() {
    let back_end = BackEnd::new(echo);
    let url = back_end.url("/orders/{{ attributes.id }}");
    let client = HttpClient::new(url)
        .and_then(|client| client.method("{{ attributes.method }}"))
        .and_then(|client| client.header("X-Tenant", "t-{{ attributes.id }}"))
        .and_then(|client| client.header("user-agent", ""))
        .and_then(|client| client.header("content-type", "text/x-own"));
    let mut event = Event::new("x")
        .with_attribute("id", 7)
        .with_attribute("method", "put");
    event.set_meta_id("m-1");
    let answered = call(client.unwrap(), event).unwrap();
    let seen = answered.json().unwrap();
    assert_eq!(seen["method"], "PUT");
    assert_eq!(seen["path"], "/orders/7");
    assert_eq!(seen["x"], "t-7");
    assert_eq!(seen["type"], "text/x-own");
    assert_eq!(seen["correlation"], "m-1");
    assert_eq!(seen["agent"], json!(null));
}

#[test]
fn credentials_of_the_url_become_a_header() {
    let back_end = BackEnd::new(echo);
    let url = format!("http://ada:p%40w@{}/", back_end.address);
    let answered = call(HttpClient::new(url).unwrap(), "x").unwrap();
    assert_eq!(
        answered.json().unwrap()["authorization"],
        "Basic YWRhOnBAdw=="
    );
}

/// Emits as many events as it says.
struct Feed(usize);

impl Actor for Feed {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    async fn start(&mut self, ctx: &Context) -> Result {
        let count = self.0;
        ctx.produce(move |source| async move {
            for number in 0..count {
                drop(source.emit(json!(number)).await?);
            }
            Ok(())
        });
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Calls for three events at once; returns the bodies of the answers in the order in which they came.
fn call_for_three(client: HttpClient) -> Vec<String> {
    let (seen, answers) = std::sync::mpsc::channel();
    let mut director = Director::new("three");
    let feed = director.register("feed", Feed(3));
    let client = director.register("client", client);
    let end = director.register(
        "end",
        inspect(move |event| {
            seen.send(event.text().unwrap().to_owned()).unwrap();
        }),
    );
    director.connect(feed, client);
    director.connect(client, end);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let flow = director.start().await.unwrap();
        flow.block().await;
        assert!(flow.stop().await.is_clean());
    });
    answers.iter().collect()
}

#[test]
fn many_requests_are_under_way_at_once() {
    // It answers none before all have come.
    let all = Arc::new(Barrier::new(3));
    let back_end = BackEnd::start(None, move |asked| {
        let all = all.clone();
        async move {
            all.wait().await;
            answer(200, "text/plain", asked.into_body())
        }
    });
    let mut answers = call_for_three(HttpClient::new(back_end.url("/")).unwrap());
    answers.sort();
    assert_eq!(answers, ["0", "1", "2"]);
}

#[test]
fn one_at_a_time_keeps_the_order() {
    let back_end = BackEnd::new(|asked| answer(200, "text/plain", asked.into_body()));
    let client = HttpClient::new(back_end.url("/")).unwrap().concurrency(1);
    assert_eq!(call_for_three(client), ["0", "1", "2"]);
    assert_eq!(back_end.connections.load(Relaxed), 1);
}
