//! Calls that fail.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use compysition_core::{Error, ErrorKind, Event};
use compysition_http::HttpClient;
use compysition_http::status::{BACK_END, status_of};

use super::back_end::{BackEnd, answer};
use super::{call, start};

#[test]
fn a_refusal_is_an_error_of_its_kind() {
    let back_end = BackEnd::new(|asked| {
        let status = asked.uri().path()[1..].parse().unwrap();
        let mut response = answer(status, "text/plain", "no, sorry");
        response
            .headers_mut()
            .insert("retry-after", "3".parse().unwrap());
        response
    });
    let client = HttpClient::new(back_end.url("/{{ text }}?key=secret")).unwrap();
    let mut harness = start(client);
    for (status, kind) in [
        ("400", ErrorKind::Malformed),
        ("401", ErrorKind::Unauthorized),
        ("404", ErrorKind::NotFound),
        ("409", ErrorKind::Conflict),
        ("418", ErrorKind::BadGateway),
        ("429", ErrorKind::RateExceeded),
        ("500", ErrorKind::BadGateway),
        ("503", ErrorKind::Unavailable),
        ("504", ErrorKind::Timeout),
    ] {
        harness.send(status);
        let failed = harness.errors().pop().unwrap();
        assert_eq!(failed.text().unwrap(), status, "it is as it came in");
        let error = &failed.error().unwrap().error;
        assert_eq!(error.kind(), kind, "{status}");
        assert!(
            status_of(error).is_server_error(),
            "it is not the fault of the door's client"
        );
        let detail = error.detail(BACK_END).unwrap();
        assert_eq!(detail["url"], back_end.url(&format!("/{status}")));
        assert_eq!(detail["status"].to_string(), status);
        assert_eq!(detail["body"], "no, sorry");
        assert_eq!(error.detail("retry_after").unwrap(), 3);
        assert!(
            error
                .message()
                .starts_with(&format!("the back-end answered {status}"))
        );
    }
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = failure(&format!("http://ada:secret@{address}/x"));
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error
            .message()
            .starts_with("no connection to the back-end: "),
        "{error}"
    );
    assert_eq!(
        error.detail(BACK_END).unwrap()["url"],
        format!("http://{address}/x")
    );
    assert!(!format!("{error:?}").contains("secret"));
}

fn failure(url: &str) -> Error {
    call(HttpClient::new(url).unwrap(), "x").unwrap_err()
}

#[test]
fn an_answer_takes_too_long() {
    let back_end = BackEnd::start(None, |_| std::future::pending());
    let client = HttpClient::new(back_end.url("/")).unwrap();
    let error = call(client.timeout(Duration::from_millis(20)), "x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.message(), "the back-end did not answer within 20ms");
    assert_eq!(status_of(&error), 504);
}

/// Listens once, reads the beginning of the request, and says `answer`.
fn says(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        assert_ne!(stream.read(&mut request).unwrap(), 0);
        stream.write_all(answer).unwrap();
    });
    format!("http://{address}/")
}

#[test]
fn an_answer_is_damaged() {
    for (said, message) in [
        (
            &b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"[..],
            "the answer of the back-end broke off: ",
        ),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "no complete answer from the back-end: ",
        ),
        (b"", "no complete answer from the back-end: "),
    ] {
        let error = failure(&says(said));
        assert_eq!(error.kind(), ErrorKind::BadGateway);
        assert!(error.message().starts_with(message), "{error}");
        assert_eq!(status_of(&error), 502);
    }
}

#[test]
fn an_answer_cannot_be_used() {
    let back_end =
        BackEnd::new(|_| answer(200, "application/json; charset=utf-8", &b"\"\xff\""[..]));
    let error = failure(&back_end.url("/"));
    assert_eq!(error.kind(), ErrorKind::BadGateway);
    assert!(
        error
            .message()
            .contains("not text in the character set utf-8"),
        "{error}"
    );
}

#[test]
fn an_answer_is_too_large() {
    let back_end = BackEnd::new(|_| answer(200, "text/plain", vec![b'x'; 101]));
    let client = || HttpClient::new(back_end.url("/")).unwrap();
    let error = call(client().max_body(100), "x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadGateway);
    assert_eq!(
        error.message(),
        "the answer of the back-end is larger than 100 bytes"
    );
    assert!(call(client().max_body(101), "x").is_ok());
}

#[test]
fn a_rendered_url_may_be_none() {
    let client = || HttpClient::new("http://ada:secret@localhost/{{ text }}").unwrap();
    let error = call(client(), "a b").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(
        error
            .message()
            .starts_with("`http://localhost/a b` is no URL that can be called"),
        "{error}"
    );
    assert!(!error.message().contains("secret"));
}

#[test]
fn a_rendered_header_may_be_none() {
    let client = HttpClient::new("http://localhost/")
        .unwrap()
        .header("x-a", "{{ text }}")
        .unwrap();
    let error = call(client, Event::new("a\r\nx-b: c")).unwrap_err();
    assert_eq!(
        error.message(),
        "the header `x-a` would have characters that no header may have"
    );
}
