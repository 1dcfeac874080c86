//! Redirects.

use compysition_core::{ErrorKind, Event};
use compysition_http::{HttpClient, HttpEvent};

use super::back_end::{Answered, Asked, BackEnd, answer, redirect};
use super::call;

/// Redirects from `/STATUS` to `/end`, and tells there what came.
fn hop(asked: Asked) -> Answered {
    match asked.uri().path() {
        "/end" => {
            let has_secret = asked.headers().contains_key("x-key");
            let body = String::from_utf8_lossy(asked.body()).into_owned();
            answer(
                200,
                "text/plain",
                format!("{} {body} {has_secret}", asked.method()),
            )
        }
        "/loop" => redirect(302, "/loop"),
        path => redirect(path[1..].parse().unwrap(), "end"),
    }
}

fn client(url: String) -> HttpClient {
    HttpClient::new(url).unwrap().header("x-key", "k").unwrap()
}

#[test]
fn are_followed_as_browsers_do() {
    let back_end = BackEnd::new(hop);
    for (status, wanted) in [
        (301, "GET  true"),
        (302, "GET  true"),
        (303, "GET  true"),
        (307, "POST x true"),
        (308, "POST x true"),
    ] {
        let answered = call(client(back_end.url(&format!("/{status}"))), "x").unwrap();
        assert_eq!(answered.text().unwrap(), wanted, "{status}");
    }
}

#[test]
fn do_not_go_round_for_ever() {
    let back_end = BackEnd::new(hop);
    let error = call(client(back_end.url("/loop")), "x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadGateway);
    assert_eq!(
        error.message(),
        "the back-end redirected more than 10 times"
    );
    assert!(call(client(back_end.url("/302")).follow(1), "x").is_ok());
}

#[test]
fn are_sent_on_if_none_is_followed() {
    let back_end = BackEnd::new(hop);
    let answered: Event = call(client(back_end.url("/302")).follow(0), "x").unwrap();
    let response = answered.back_end_response().unwrap();
    assert_eq!(
        (response.status.as_u16(), &response.headers["location"]),
        (302, &"end".parse().unwrap())
    );
}

#[test]
fn take_no_secrets_to_other_servers() {
    let other = BackEnd::new(hop);
    let end = other.url("/end");
    let back_end = BackEnd::new(move |_| redirect(307, &end));
    let answered = call(client(back_end.url("/")), "x").unwrap();
    assert_eq!(answered.text().unwrap(), "POST x false");
}

#[test]
fn lead_somewhere() {
    for location in ["http://", "ftp://x/", "/a b", "mailto:ada@example.org"] {
        let back_end = BackEnd::new(move |_| redirect(302, location));
        let error = call(client(back_end.url("/")), "x").unwrap_err();
        assert_eq!(
            error.message(),
            "the back-end redirects to what is no URL",
            "{location}"
        );
    }
}
