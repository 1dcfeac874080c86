//! Who may come in, and what becomes of those who may not.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use compysition_core::testing::Harness;
use compysition_core::{Error, ErrorKind, Event, Registry, Surroundings};
use compysition_http::{BasicAuth, HttpEvent};
use serde_json::{Value, json};

fn request(authorization: Option<&str>) -> Event {
    let mut headers = json!({"x-a": "1"});
    if let Some(authorization) = authorization {
        headers["authorization"] = authorization.into();
    }
    Event::new("body").with_attribute(
        "http",
        json!({"method": "GET", "path": "/", "headers": headers}),
    )
}

fn basic(user: &str, password: &str) -> Event {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    request(Some(&format!("Basic {encoded}")))
}

/// Sends an event; returns the user's name, or the error.
fn who(harness: &mut Harness, event: Event) -> Result<String, Error> {
    harness.send(event);
    if let Some(failed) = harness.errors().pop() {
        assert_eq!(failed.text().unwrap(), "body");
        assert_eq!(
            failed.http().header("authorization"),
            None,
            "a log could show the password"
        );
        assert_eq!(failed.attribute("user"), None);
        return Err(failed.error().unwrap().error.clone());
    }
    let passed = harness.take().pop().unwrap();
    assert_eq!(
        passed.http().header("authorization"),
        None,
        "an actor could read the password"
    );
    assert_eq!(passed.http().header("x-a").as_deref(), Some("1"));
    Ok(passed
        .attribute("user")
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned())
}

/// Writes a file of users; each test has its own.
fn htpasswd(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let hash = bcrypt::hash("secret", 4).unwrap();
    fs::write(&path, format!("ada:{hash}\n")).unwrap();
    path
}

#[test]
fn plain_users_come_in() {
    let mut harness = Harness::new(BasicAuth::with_users([("ada", "secret"), ("bob", "")]));
    assert_eq!(who(&mut harness, basic("ada", "secret")).unwrap(), "ada");
    assert_eq!(who(&mut harness, basic("bob", "")).unwrap(), "bob");
    for (user, password) in [("ada", ""), ("ada", "Secret"), ("eve", "secret"), ("", "")] {
        let error = who(&mut harness, basic(user, password)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(error.message(), "the user name or the password is wrong");
    }
}

#[test]
fn others_are_challenged() {
    let actor = BasicAuth::with_users([("ada", "secret")]).realm("the \"vault\"");
    let mut harness = Harness::new(actor);
    for (header, message) in [
        (None, "the request has no credentials"),
        (
            Some("Bearer x"),
            "the header authorization is no `Basic` one, or is damaged",
        ),
        (
            Some("Basic ***"),
            "the header authorization is no `Basic` one, or is damaged",
        ),
    ] {
        let error = who(&mut harness, request(header)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(error.message(), message);
        assert_eq!(error.detail("realm"), Some(&Value::from("the \"vault\"")));
        let challenge = error.detail("challenge").unwrap();
        assert_eq!(challenge, r#"Basic realm="the \"vault\"", charset="UTF-8""#);
    }
}

#[test]
fn users_of_a_file_come_in() {
    let file = htpasswd("from_rust.htpasswd");
    let mut harness = Harness::of(BasicAuth::from_file(file).unwrap())
        .real_time()
        .start();
    for _ in 0..2 {
        assert_eq!(who(&mut harness, basic("ada", "secret")).unwrap(), "ada");
        assert!(who(&mut harness, basic("ada", "wrong")).is_err());
        assert!(who(&mut harness, basic("eve", "secret")).is_err());
    }
}

/// Counts how often it is asked whether `secret` is the password.
fn counting() -> (BasicAuth, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let actor = BasicAuth::with_check(move |_, password| {
        count.fetch_add(1, Relaxed);
        password == "secret"
    });
    (actor, asked)
}

#[test]
fn good_credentials_are_remembered_for_a_while() {
    let (actor, asked) = counting();
    let mut harness = Harness::new(actor.remember(Duration::from_secs(10)));
    for (user, password, calls) in [
        ("ada", "secret", 1),
        ("ada", "secret", 1),
        ("bob", "secret", 2),
        ("ada", "wrong", 3),
        ("ada", "wrong", 4),
        ("ada", "secret", 4),
    ] {
        assert_eq!(
            who(&mut harness, basic(user, password)).is_ok(),
            password == "secret"
        );
        assert_eq!(asked.load(Relaxed), calls);
    }
    harness.advance(Duration::from_secs(10));
    assert!(who(&mut harness, basic("ada", "secret")).is_ok());
    assert_eq!(asked.load(Relaxed), 5);
}

#[test]
fn zero_remembers_nothing() {
    let (actor, asked) = counting();
    let mut harness = Harness::new(actor.remember(Duration::ZERO));
    for calls in 1..=3 {
        assert!(who(&mut harness, basic("ada", "secret")).is_ok());
        assert_eq!(asked.load(Relaxed), calls);
    }
}

#[test]
fn a_check_that_panics_lets_nobody_in() {
    let mut harness = Harness::new(BasicAuth::with_check(|_, _| panic!("oops")));
    let error = who(&mut harness, basic("ada", "secret")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
}

fn build(settings: Value) -> Result<compysition_core::Built, String> {
    let mut registry = Registry::new();
    compysition_http::register(&mut registry);
    let kind = registry.get("basic_auth").unwrap();
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    kind.build(&mut settings).map_err(|error| error.to_string())
}

#[test]
fn is_made_from_settings() {
    let name = "from_settings.htpasswd";
    let base = htpasswd(name).parent().unwrap().to_owned();
    let surroundings = Surroundings {
        base,
        ..Surroundings::default()
    };
    let built =
        surroundings.enter(|| build(json!({"users": name, "realm": "r", "remember": "5s"})));
    let mut harness = Harness::of(built.unwrap()).real_time().start();
    assert_eq!(who(&mut harness, basic("ada", "secret")).unwrap(), "ada");

    let mut harness = Harness::new(build(json!({"users": {"ada": "pw"}})).unwrap());
    assert_eq!(who(&mut harness, basic("ada", "pw")).unwrap(), "ada");
    let error = who(&mut harness, basic("ada", "")).unwrap_err();
    assert_eq!(error.detail("realm"), Some(&Value::from("restricted")));
}

#[test]
fn says_what_is_wrong_with_settings() {
    let says = |settings| build(settings).unwrap_err();
    assert!(says(json!({})).contains("missing field `users`"));
    assert!(
        says(json!({"users": {"ada": 7}})).contains("invalid type: integer `7`, expected a string")
    );
    assert!(says(json!({"users": 7})).contains("expected the path of an htpasswd file, or a map"));
    assert!(says(json!({"users": {}, "relm": "x"})).contains("unknown field `relm`"));
    assert!(says(json!({"users": "/no/such/file"})).contains("/no/such/file cannot be read"));
}

#[test]
fn has_a_manual() {
    let mut registry = Registry::new();
    compysition_http::register(&mut registry);
    let kind = registry.get("basic_auth").unwrap();
    let summary =
        "Lets requests pass whose user name and password are right (HTTP Basic authentication).";
    assert_eq!(kind.summary(), summary);
    assert!(kind.schema().to_value().to_string().contains("htpasswd -B"));
}
