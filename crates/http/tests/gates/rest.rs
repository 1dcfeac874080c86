//! Answers as REST has them.

use compysition_core::testing::Harness;
use compysition_core::{Error, Event, Payload};
use compysition_http::{HttpEvent, Rest, StatusCode};
use serde_json::json;

use crate::{harness, pass, request, wrong};

/// Returns the status and the location of an answer, after the actor has seen it.
fn answer(yaml: &str, event: Event) -> (u16, Option<String>) {
    let passed = pass(&mut harness(yaml), event).unwrap();
    let http = passed.http();
    let location = http.response_headers().get("location").cloned();
    (
        http.status().map_or(200, |status| status.as_u16()),
        location.map(|location| location.to_str().unwrap().to_owned()),
    )
}

fn with_status(mut event: Event, status: u16) -> Event {
    event.set_status(StatusCode::from_u16(status).unwrap());
    event
}

#[test]
fn what_was_made_has_a_place() {
    let post = |path| request("POST", path, json!({}));
    let made = |place: &str| (201, Some(place.to_owned()));
    let named = post("/orders").with_attribute("entity_id", 7);
    assert_eq!(answer("rest", named.clone()), made("/orders/7"));
    assert_eq!(
        answer("rest_translator", with_status(named.clone(), 201)),
        made("/orders/7")
    );
    let mut unnamed = post("/orders/");
    unnamed.set_meta_id("a b/c");
    assert_eq!(answer("rest", unnamed), made("/orders/a%20b%2Fc"));
    let elsewhere = post("//example.org").with_attribute("entity_id", "7");
    assert_eq!(answer("rest", elsewhere), made("/example.org/7"));
    assert_eq!(
        answer("rest", post("/").with_attribute("entity_id", "7")),
        made("/7")
    );

    let template = "rest: { location: '/o/{{ attributes.entity_id }}?full' }";
    assert_eq!(answer(template, named.clone()), made("/o/7?full"));
    let original = "rest: { url_post_location: 'https://example.org/orders/{entity_id}' }";
    assert_eq!(
        answer(original, named.clone()),
        made("https://example.org/orders/7")
    );
    let mut known = named;
    known.set_response_header("location", "/elsewhere").unwrap();
    assert_eq!(answer("rest", known), made("/elsewhere"));
}

#[test]
fn what_is_empty_says_so() {
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        for payload in [Payload::Empty, "".into(), Vec::new().into()] {
            let event = request(method, "/orders/7", json!({})).with(payload);
            assert_eq!(answer("rest", event), (204, None), "{method}");
        }
        assert_eq!(answer("rest", request(method, "/", json!({}))), (200, None));
        let other = with_status(request(method, "/", json!({})).with(()), 202);
        assert_eq!(answer("rest", other), (202, None));
    }
    assert_eq!(
        answer("rest", request("HEAD", "/", json!({})).with(())),
        (200, None)
    );
}

#[test]
fn all_else_stays_as_it_is() {
    for status in [202, 204, 303, 404] {
        let event = with_status(request("POST", "/orders", json!({})), status);
        assert_eq!(answer("rest", event), (status, None));
    }
    let passed = pass(&mut harness("rest"), Event::new("no request")).unwrap();
    assert!(!passed.http().is_some());
}

#[test]
fn a_place_that_cannot_be_told_is_an_error() {
    let mut rest = Harness::new(Rest::location("/orders/{{ payload.id }}").unwrap());
    let error: Error =
        pass(&mut rest, request("POST", "/", json!({})).with(json!({}))).unwrap_err();
    assert!(error.message().contains("payload.id"), "{error}");
    rest.send(request("POST", "/", json!({})).with(json!({"id": "a\r\nx: y"})));
    let failed = rest.errors().pop().unwrap();
    assert!(failed.http().response_headers().is_empty());
    assert!(wrong("rest: { location: '{{ nothing }}' }").contains("nothing"));
    let says = wrong("rest: { place: x }");
    assert!(says.contains("unknown setting `place`"), "{says}");
}
