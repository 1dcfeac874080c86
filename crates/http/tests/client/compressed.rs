//! Answers that come compressed.

use std::io::Write;

use compysition_core::{ErrorKind, Event};
use compysition_http::{HttpClient, HttpEvent};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Response;
use http_body_util::Full;

use super::back_end::{Answered, Asked, BackEnd};
use super::call;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Answers with bytes that are said to be gzip.
fn answering(status: u16, body: Vec<u8>) -> BackEnd {
    BackEnd::new(move |asked: Asked| -> Answered {
        let accepts = asked.headers().get("accept-encoding").cloned();
        let mut answer = Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .header("content-encoding", "gzip");
        if let Some(accepts) = accepts {
            answer = answer.header("x-accepts", accepts);
        }
        answer.body(Full::from(body.clone())).unwrap()
    })
}

#[test]
fn they_are_decoded() {
    let back_end = answering(200, gzip(br#"{"price": 7}"#));
    let client = HttpClient::new(back_end.url("/")).unwrap();
    let answer = call(client, Event::new(())).unwrap();
    assert_eq!(answer.payload().json().unwrap()["price"], 7);
    let headers = &answer.back_end_response().unwrap().headers;
    assert_eq!(headers["x-accepts"], "gzip, deflate");
    assert!(!headers.contains_key("content-encoding"));
    assert!(!headers.contains_key("content-length"));
}

#[test]
fn nobody_has_to_ask_for_them() {
    let back_end = answering(200, gzip(b"{}"));
    let client = HttpClient::new(back_end.url("/")).unwrap();
    let client = client.header("accept-encoding", "identity").unwrap();
    let answer = call(client, Event::new(())).unwrap();
    let headers = &answer.back_end_response().unwrap().headers;
    assert_eq!(headers["x-accepts"], "identity");
    // It came all the same.
    assert_eq!(answer.text().unwrap(), "{}");
    let empty = answering(200, Vec::new());
    let client = HttpClient::new(empty.url("/")).unwrap();
    let answer = call(client, Event::new(())).unwrap();
    assert_eq!(answer.payload().kind(), "empty");
}

#[test]
fn a_bomb_is_too_large_and_damage_is_told() {
    for (body, wanted) in [
        (gzip(&vec![0; 4 << 20]), "larger than 1000 bytes"),
        (gzip(b"{}")[..10].to_vec(), "cannot be decoded"),
        (b"nonsense".to_vec(), "cannot be decoded"),
    ] {
        let back_end = answering(200, body);
        let client = HttpClient::new(back_end.url("/")).unwrap().max_body(1000);
        let error = call(client, Event::new(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadGateway);
        assert!(error.message().contains(wanted), "{error}");
    }
}

#[test]
fn a_refusal_can_be_read() {
    let back_end = answering(404, gzip(br#"{"no": "such order"}"#));
    let client = HttpClient::new(back_end.url("/")).unwrap();
    let error = call(client, Event::new(())).unwrap_err();
    let detail = error.detail("back_end").unwrap();
    assert_eq!(detail["body"], r#"{"no": "such order"}"#);
}
