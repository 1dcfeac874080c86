//! Webhook and idempotent: what comes twice is done once.

use std::process::Command;

use super::files::lines;
use super::{NOBODY, Peer, serve, stop};
use crate::curl::{Answer, curl};
use crate::support::Files;

fn post(url: &str, header: &str, body: &str) -> Answer {
    curl(&["--header", header, "--json", body, url])
}

/// Counts the rows of a table, with Python's own SQLite.
fn rows(files: &Files) -> String {
    let script = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('select count(*) from hook').fetchone()[0])";
    let database = files.path().join("hooks.db");
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(database)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn webhook_is_stored_once_and_worked_on_afterwards() {
    let files = Files::new();
    let mut worker = Peer::echo();
    let folder = files.path().display().to_string();
    let (process, url) = serve(
        "webhook",
        &[("folder", &folder), ("worker_url", &worker.url)],
    );
    let hook = format!("{url}/hook");
    let answer = post(&hook, "x-delivery: 1", r#"{"n":1}"#);
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(worker.next(), r#"{"n":1}"#);
    // It comes again, and a second one; the worker sees only that.
    assert_eq!(post(&hook, "x-delivery: 1", r#"{"n":1}"#).status, 202);
    assert_eq!(post(&hook, "x-delivery: 2", r#"{"n":2}"#).status, 202);
    assert_eq!(worker.next(), r#"{"n":2}"#);
    assert_eq!(rows(&files), "2");
    stop(process);

    // The worker is away: the sender is answered as before, and the hook is in the dead letters.
    let (process, url) = serve("webhook", &[("folder", &folder), ("worker_url", NOBODY)]);
    assert_eq!(
        post(&format!("{url}/hook"), "x-delivery: 3", r#"{"n":3}"#).status,
        202
    );
    let dead = lines(&files.path().join("dead.jsonl"), 1);
    assert!(
        dead[0].contains(r#"{\"n\":3}"#) || dead[0].contains(r#""n":3"#),
        "{dead:?}"
    );
    assert_eq!(rows(&files), "3");
    stop(process);
}

#[test]
fn idempotent_pays_once_and_answers_the_same() {
    let files = Files::new();
    let folder = files.path().display().to_string();
    // The till is away: nothing is remembered, so that the client can try again.
    let (process, url) = serve("idempotent", &[("folder", &folder), ("pay_url", NOBODY)]);
    let answer = post(&format!("{url}/pay"), "idempotency-key: a", r#"{"eur":5}"#);
    assert_eq!(answer.status, 503, "{answer:?}");
    stop(process);

    let mut till = Peer::start(TILL);
    let values = [("folder", &folder[..]), ("pay_url", &till.url)];
    let (process, url) = serve("idempotent", &values);
    let pay = format!("{url}/pay");
    let first = post(&pay, "idempotency-key: a", r#"{"eur":5}"#);
    assert_eq!(first.status, 200, "{first:?}");
    let again = post(&pay, "idempotency-key: a", r#"{"eur":5}"#);
    assert_eq!((again.status, again.body), (200, first.body.clone()));
    stop(process);

    // Another process knows the key as well.
    let (process, url) = serve("idempotent", &values);
    let pay = format!("{url}/pay");
    assert_eq!(
        post(&pay, "idempotency-key: a", r#"{"eur":5}"#).body,
        first.body
    );
    let other = post(&pay, "idempotency-key: b", r#"{"eur":6}"#);
    assert_ne!(other.body, first.body);
    assert_eq!([till.next(), till.next()], [r#"{"eur":5}"#, r#"{"eur":6}"#]);
    stop(process);
}

/// Answers each payment with a number of its own.
const TILL: &str = r#"
name: till
settings: { listen: }
actors:
  http: { http_server: { address: "${listen}" } }
  seen: stdout
  receipt: { set: { payload: { receipt: "{{ uuid() }}" } } }
connect: [http -> seen -> receipt -> reply]
"#;
