//! How often a client may come.

use std::time::Duration;

use compysition_core::testing::Harness;
use compysition_core::{Actor, Context, ErrorKind, Event, Ports, Result};
use compysition_http::{HttpEvent, RateLimit};
use serde_json::{Value, json};

use crate::{harness, pass, wrong};

fn from(client: &str, key: &str) -> Event {
    let http = json!({"method": "GET", "path": "/", "headers": {"x-key": key}, "client": client});
    Event::new("body").with_attribute("http", http)
}

#[test]
fn each_client_has_a_rate_of_its_own() {
    let mut limit = Harness::new(RateLimit::new("1/m".parse().unwrap(), 2).unwrap());
    let mut comes_in = |client| pass(&mut limit, from(client, "")).is_ok();
    assert!(comes_in("192.0.2.1:1000") && comes_in("192.0.2.1:2000"));
    assert!(!comes_in("192.0.2.1:3000"));
    assert!(comes_in("192.0.2.2:1000"));
    // Who has a network of IPv6 has more addresses than anybody could count.
    assert!(comes_in("[2001:db8::1]:1") && comes_in("[2001:db8::2]:1"));
    assert!(!comes_in("[2001:db8::3]:1"));
}

#[test]
fn who_comes_too_early_is_told_when_to_come() {
    let mut limit = harness("rate_limit: { rate: 2/m, burst: 1 }");
    assert!(pass(&mut limit, from("192.0.2.1:1", "")).is_ok());
    limit.advance(Duration::from_millis(500));
    for _ in 0..3 {
        let error = pass(&mut limit, from("192.0.2.1:1", "")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateExceeded);
        assert_eq!(
            error.message(),
            "too many requests; the next one may come in 30 s"
        );
        assert_eq!(error.detail("retry_after").unwrap(), 30);
    }
    limit.advance(Duration::from_secs(30));
    assert!(pass(&mut limit, from("192.0.2.1:1", "")).is_ok());
}

#[test]
fn the_key_may_be_anything() {
    let mut limit = harness("rate_limit: { rate: 1/m, key: \"http.headers['x-key']\" }");
    assert!(pass(&mut limit, from("192.0.2.1:1", "a")).is_ok());
    assert!(pass(&mut limit, from("192.0.2.1:1", "b")).is_ok());
    assert!(pass(&mut limit, from("192.0.2.9:1", "a")).is_err());
    // A key that cannot be had is no way round the limit.
    let error = pass(&mut limit, Event::new("no request")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unprocessable);
    let mut limit = harness("rate_limit: { rate: 1/m }");
    assert!(pass(&mut limit, Event::new("no request")).is_ok());
    assert!(pass(&mut limit, Event::new("no request")).is_err());
}

#[test]
fn clients_may_be_told_how_they_stand() {
    let mut limit = harness("rate_limit: { rate: 1/s, burst: 3, headers: true }");
    let told = |event: &Event| -> Vec<Value> {
        let headers = event.http().response_headers().into_owned();
        ["limit", "remaining", "reset"]
            .map(|name| {
                headers[format!("ratelimit-{name}")]
                    .to_str()
                    .unwrap()
                    .into()
            })
            .into()
    };
    let mut come = || pass(&mut limit, from("192.0.2.1:1", "")).unwrap();
    assert_eq!(told(&come()), ["3", "2", "1"]);
    assert_eq!(told(&come()), ["3", "1", "2"]);
    assert_eq!(told(&come()), ["3", "0", "3"]);
    limit.send(from("192.0.2.1:1", ""));
    assert_eq!(told(&limit.errors()[0]), ["3", "0", "3"]);
}

#[test]
fn mistakes_of_settings_are_found_when_they_are_read() {
    assert!(wrong("rate_limit: { rate: often }").contains("`often` is no rate"));
    assert!(wrong("rate_limit: {}").contains("rate"));
    assert!(wrong("rate_limit: { rate: 1/s, burst: 0 }").contains("lets nothing pass"));
    assert!(wrong("rate_limit: { rate: 1/s, key: 'http.' }").contains("http."));
}

/// Panics at an event that says so, and else does what another actor does.
struct Panics(RateLimit);

impl Actor for Panics {
    async fn start(&mut self, ctx: &Context) -> Result {
        self.0.start(ctx).await
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        assert_ne!(event.text()?, "panic");
        self.0.consume(event, ctx).await
    }

    fn ports(&self) -> Ports {
        self.0.ports()
    }
}

#[test]
fn a_client_has_no_new_burst_when_the_actor_panics_and_is_made_anew() {
    let limit = || Ok(Panics(RateLimit::new("1/h".parse().unwrap(), 2)?));
    let mut limit = Harness::new(limit);
    let mut comes_in = |text: &str| {
        let event = from("192.0.2.1:1", "").with(text);
        pass(&mut limit, event).map_err(|error| error.kind())
    };
    assert!(comes_in("first").is_ok());
    for _ in 0..3 {
        assert_eq!(comes_in("panic").unwrap_err(), ErrorKind::Panicked);
    }
    assert!(comes_in("second").is_ok());
    assert_eq!(comes_in("third").unwrap_err(), ErrorKind::RateExceeded);
}
