//! Keys that an issuer publishes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use compysition_core::testing::{Harness, Plan};
use compysition_core::{Error, ErrorKind, Event, map};
use compysition_http::{HttpEvent, HttpServer, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::circle::{built, gated};
use crate::issuer::{Issuer, seconds_from_now};
use crate::support::{ANYWHERE, Site, circle};
use crate::{pass, plan, request};

/// A server that publishes keys.
struct Publisher {
    runtime: Runtime,
    site: Site,
    keys: Arc<Mutex<Value>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    fn new(keys: Value) -> Publisher {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let keys = Arc::new(Mutex::new(keys));
        let asked = Arc::new(AtomicUsize::new(0));
        let (published, count) = (keys.clone(), asked.clone());
        let publish = map(move |mut event: Event| {
            count.fetch_add(1, Relaxed);
            assert_eq!(event.http().method().unwrap(), "GET");
            match &*published.lock() {
                Value::Null => event.set_status(StatusCode::SERVICE_UNAVAILABLE),
                keys => return event.with(keys.clone()),
            }
            event
        });
        let site = runtime.block_on(circle(HttpServer::at(ANYWHERE), publish));
        Publisher {
            runtime,
            site,
            keys,
            asked,
        }
    }

    fn harness(&self, settings: &str) -> Harness {
        gate(self.site.address, settings).real_time().start()
    }

    fn asked(&self) -> usize {
        self.asked.load(Relaxed)
    }

    fn stop(self) {
        self.runtime.block_on(self.site.stop());
    }
}

fn gate(issuer: SocketAddr, settings: &str) -> Plan {
    plan(&format!(
        "jwt_auth: {{ jwks_url: 'http://{issuer}/keys'{settings} }}"
    ))
}

fn token(issuer: &Issuer, id: &str) -> Event {
    let claims = json!({"sub": "ada", "exp": seconds_from_now(60)});
    let token = issuer.token(json!({"alg": "ES256", "kid": id}), claims);
    let headers = json!({"authorization": format!("Bearer {token}")});
    request("GET", "/", headers)
}

fn error(harness: &mut Harness, event: Event) -> Error {
    pass(harness, event).unwrap_err()
}

#[test]
fn keys_are_fetched_once_and_when_a_new_one_is_named() {
    let (old, new) = (Issuer::of_curve("ES256"), Issuer::of_curve("ES256"));
    let publisher = Publisher::new(json!({"keys": [old.jwk("old")]}));
    let mut harness = publisher.harness(", cooldown: 0s");
    assert_eq!(publisher.asked(), 0);
    for _ in 0..3 {
        let passed = pass(&mut harness, token(&old, "old")).unwrap();
        assert_eq!(*passed.attribute("user").unwrap(), "ada");
        assert_eq!(passed.attribute("claims").unwrap()["sub"], "ada");
    }
    assert_eq!(publisher.asked(), 1);
    // A wrong signature of a known key is no reason to fetch.
    let wrong = error(&mut harness, token(&new, "old"));
    assert_eq!(wrong.message(), "the signature of the token is wrong");
    assert_eq!(publisher.asked(), 1);
    *publisher.keys.lock() = json!({"keys": [new.jwk("new")]});
    assert!(pass(&mut harness, token(&new, "new")).is_ok());
    assert_eq!(publisher.asked(), 2);
    // The old one has been taken back.
    assert!(pass(&mut harness, token(&old, "old")).is_err());
    drop(harness);
    publisher.stop();
}

#[test]
fn made_up_ids_are_no_flood_for_the_issuer() {
    let issuer = Issuer::of_curve("ES256");
    let publisher = Publisher::new(json!({"keys": [issuer.jwk("one")]}));
    let mut harness = publisher.harness(", cooldown: 1h");
    assert!(pass(&mut harness, token(&issuer, "one")).is_ok());
    for number in 0..100 {
        let made_up = error(&mut harness, token(&issuer, &format!("made up {number}")));
        assert_eq!(made_up.kind(), ErrorKind::Unauthorized);
    }
    assert_eq!(publisher.asked(), 1);
    assert!(pass(&mut harness, token(&issuer, "one")).is_ok());
    drop(harness);
    publisher.stop();
}

#[test]
fn old_keys_are_used_while_there_are_no_new_ones() {
    let issuer = Issuer::of_curve("ES256");
    let publisher = Publisher::new(json!({"keys": [issuer.jwk("one")]}));
    let mut harness = publisher.harness(", refresh: 0s, cooldown: 0s");
    for asked in 1..=2 {
        assert!(pass(&mut harness, token(&issuer, "one")).is_ok());
        assert_eq!(publisher.asked(), asked);
    }
    for broken in [Value::Null, json!({"keys": []}), json!("what?")] {
        *publisher.keys.lock() = broken;
        assert!(pass(&mut harness, token(&issuer, "one")).is_ok());
    }
    assert_eq!(publisher.asked(), 5);
    drop(harness);
    publisher.stop();
}

#[test]
fn without_any_keys_it_is_not_the_clients_fault() {
    let issuer = Issuer::of_curve("ES256");
    let publisher = Publisher::new(Value::Null);
    let mut harness = publisher.harness(", cooldown: 1h");
    let failed = error(&mut harness, token(&issuer, "one"));
    assert_eq!(failed.kind(), ErrorKind::Unavailable);
    assert!(failed.detail("back_end").is_some());
    // It is not tried again at once.
    let failed = error(&mut harness, token(&issuer, "one"));
    assert_eq!(failed.kind(), ErrorKind::Unavailable);
    assert!(failed.detail("retry_after").unwrap().as_u64().unwrap() > 3000);
    assert_eq!(publisher.asked(), 1);
    // What is no token needs no keys.
    let headers = json!({"authorization": "Bearer a.b.c"});
    assert_eq!(
        error(&mut harness, request("GET", "/", headers)).kind(),
        ErrorKind::Unauthorized
    );
    drop(harness);
    publisher.stop();
}

#[test]
fn a_public_secret_is_none() {
    let issuer = Issuer::Secret("a secret that the whole world can read, alas");
    let publisher = Publisher::new(json!({"keys": [issuer.jwk("one")]}));
    let mut harness = publisher.harness(", cooldown: 0s");
    let claims = json!({"exp": seconds_from_now(60)});
    let token = issuer.token(json!({"alg": "HS256", "kid": "one"}), claims);
    let headers = json!({"authorization": format!("Bearer {token}")});
    let failed = error(&mut harness, request("GET", "/", headers));
    assert_eq!(failed.kind(), ErrorKind::BadGateway);
    drop(harness);
    publisher.stop();
}

#[test]
fn an_issuer_that_is_silent_is_not_waited_for_long() {
    // It takes connections, and says nothing.
    let silent = std::net::TcpListener::bind(ANYWHERE).unwrap();
    let mut harness = gate(silent.local_addr().unwrap(), "").start();
    let issuer = Issuer::of_curve("ES256");
    let failed = error(&mut harness, token(&issuer, "one"));
    assert_eq!(failed.kind(), ErrorKind::Timeout);
    assert!(failed.message().contains("within 5s"), "{failed}");
}

/// Asks many times at once, naming these keys in turn; returns how often the issuer was asked.
fn asked_by_many(settings: &str, ids: &[&'static str]) -> usize {
    let issuer = Issuer::of_curve("ES256");
    let publisher = Publisher::new(json!({"keys": [issuer.jwk("one")]}));
    let url = format!("http://{}/keys", publisher.site.address);
    let gate = built(&format!("jwt_auth: {{ jwks_url: '{url}'{settings} }}"));
    let claims = json!({"sub": "ada", "exp": seconds_from_now(60)});
    publisher.runtime.block_on(async {
        let site = Arc::new(gated(gate, map(|event: Event| event.with("in"))).await);
        let mut asking = Vec::new();
        for id in ids.iter().copied().cycle().take(60) {
            let token = issuer.token(json!({"alg": "ES256", "kid": id}), claims.clone());
            let site = site.clone();
            asking.push(tokio::spawn(async move {
                let head = format!("GET /\nauthorization: Bearer {token}");
                (id, site.ask(&head, "").await.status)
            }));
        }
        for asked in asking {
            let (id, status) = asked.await.unwrap();
            assert_eq!(status, if id == "one" { 200 } else { 401 });
        }
        Arc::into_inner(site).unwrap().stop().await;
    });
    let asked = publisher.asked();
    publisher.stop();
    asked
}

#[test]
fn many_at_once_ask_the_issuer_once() {
    assert_eq!(asked_by_many("", &["made up", "one", "one"]), 1);
    assert_eq!(asked_by_many(", cooldown: 0s", &["one"]), 1);
}
