//! `smtp_out`, as a mail server sees it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use compysition_core::testing::Harness;
use compysition_core::{Error, ErrorKind, Event};
use compysition_smtp::SmtpOut;
use serde_json::{Value, json};

/// A mail server that shows what it gets.
struct Sink {
    process: Child,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Sink {
    fn new(arguments: &[&str]) -> Sink {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sink.py");
        let mut process = Command::new("python3")
            .arg(script)
            .args(arguments)
            .stdout(Stdio::piped())
            // It tells of clients that do not trust it.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut sink = Sink {
            process,
            output,
            port: 0,
        };
        sink.port = sink.line().trim().parse().unwrap();
        sink
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    /// Returns the next message.
    fn message(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    fn settings(&self, more: Value) -> Value {
        let mut settings = json!({ "host": "127.0.0.1", "port": self.port });
        settings
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        settings
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(settings: Value) -> Harness {
    let actor = serde_json::from_value::<SmtpOut>(settings).unwrap();
    Harness::of(actor).real_time().start()
}

fn refused(settings: Value) -> String {
    let built = serde_json::from_value::<SmtpOut>(settings);
    built.err().unwrap().to_string()
}

/// Sends one event that must fail.
fn failure(settings: Value, event: impl Into<Event>) -> Error {
    let mut harness = start(settings);
    harness.send(event);
    let failed = harness.errors().pop().unwrap();
    failed.error().unwrap().error.clone()
}

/// Writes a certificate for this machine; returns its file and that of its key.
fn certificate(name: &str) -> (PathBuf, PathBuf) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let at = |end: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{end}"));
    fs::write(at("crt"), made.cert.pem()).unwrap();
    fs::write(at("key"), made.signing_key.serialize_pem()).unwrap();
    (at("crt"), at("key"))
}

#[test]
fn an_event_becomes_a_message_and_goes_on() {
    let mut sink = Sink::new(&[]);
    let mut harness = start(sink.settings(json!({
        "from": "Flow <flow@example.org>",
        "to": ["{{ attributes.to }}", "Çelik <c@example.org>"],
        "cc": "d@example.org, e@example.org",
        "bcc": "hidden@example.org",
        "subject": "{{ attributes.what }}: größer",
        "headers": { "X-Priority": "{{ attributes.priority }}" },
    })));
    let event = Event::new("one\n.\n..two\nsömething")
        .with_attribute("to", "a@example.org, b@example.org")
        .with_attribute("what", "order\r\nBcc: evil@example.org")
        .with_attribute("priority", "1");
    harness.send(event);
    assert_eq!(harness.take().len(), 1, "it is passed on");
    let seen = sink.message();
    assert_eq!(seen["from"], "flow@example.org");
    let to = ["a", "b", "c", "d", "e", "hidden"].map(|name| format!("{name}@example.org"));
    assert_eq!(seen["to"], json!(to));
    let data = seen["data"].as_str().unwrap();
    assert!(!data.contains("hidden@"), "{data}");
    assert!(!data.contains("\r\nBcc:"), "{data}");
    assert!(data.contains("X-Priority: 1\r\n"), "{data}");
    assert!(data.contains("From: Flow <flow@example.org>\r\n"), "{data}");
    let (head, body) = data.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("Content-Type: text/plain; charset=utf-8"),
        "{head}"
    );
    assert!(body.contains("one\r\n.\r\n..two"), "{body}");
}

#[test]
fn a_connection_is_used_again_and_the_message_id_is_that_of_the_event() {
    let mut sink = Sink::new(&[]);
    let mut harness =
        start(sink.settings(json!({ "to": "a@example.org", "subject": "{{ text }}" })));
    for text in ["one", "two"] {
        harness.send(text);
    }
    let sent = harness.take();
    for event in sent {
        let seen = sink.message();
        assert_eq!(seen["connection"], 1);
        assert_eq!(seen["from"], "compysition@localhost");
        let id = format!("Message-ID: <{}@localhost>", event.id());
        let data = seen["data"].as_str().unwrap();
        assert!(data.contains(&id), "{data}");
    }
}

#[test]
fn the_payload_is_attached_under_a_name_of_the_event() {
    let mut sink = Sink::new(&[]);
    let mut harness = start(sink.settings(json!({
        "to": "a@example.org", "body": "see there", "html": "<p>see there</p>", "attachment": "{{ payload.id }}.json",
    })));
    harness.send(json!({ "id": 7 }));
    harness.take();
    let data = sink.message()["data"].to_string();
    for part in [
        "multipart/mixed",
        "multipart/alternative",
        "text/html",
        "application/json",
        "7.json",
        "see there",
    ] {
        assert!(data.contains(part), "{part}: {data}");
    }
}

#[test]
fn what_the_server_says_tells_the_kind_of_the_error() {
    let sink = Sink::new(&[]);
    for (to, kind, says) in [
        ("later@example.org", ErrorKind::Unavailable, "451"),
        ("never@example.org", ErrorKind::Unprocessable, "550"),
    ] {
        let error = failure(sink.settings(json!({ "to": to })), "x");
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.detail("smtp_code").unwrap(), says);
    }
    let silent = json!({ "to": "silent@example.org", "timeout": "200ms" });
    let error = failure(sink.settings(silent), "x");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let wrong = json!({ "to": "a@example.org", "user": "u", "password": "wrong" });
    let error = failure(sink.settings(wrong), "x");
    assert_eq!(error.kind(), ErrorKind::BadGateway, "{error}");
    let no_tls = json!({ "to": "a@example.org", "tls": "starttls" });
    let error = failure(sink.settings(no_tls), "x");
    assert_eq!(error.kind(), ErrorKind::BadGateway, "{error}");
    let gone = sink.settings(json!({ "to": "a@example.org" }));
    drop(sink);
    let error = failure(gone, "x");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[test]
fn a_message_that_is_refused_keeps_no_other_back() {
    let mut sink = Sink::new(&[]);
    let mut harness = start(sink.settings(json!({ "to": "{{ text }}" })));
    for to in ["a@example.org", "never@example.org", "b@example.org"] {
        harness.send(to);
    }
    assert_eq!(harness.errors().len(), 1);
    assert_eq!(harness.take().len(), 2);
    assert_eq!(sink.message()["to"], json!(["a@example.org"]));
    assert_eq!(sink.message()["to"], json!(["b@example.org"]));
}

#[test]
fn nobody_can_add_a_header() {
    let to = json!({ "port": 1, "to": "{{ text }}" });
    let header = json!({ "port": 1, "to": "a@example.org", "headers": { "X-A": "{{ text }}" } });
    let from = json!({ "port": 1, "to": "a@example.org", "from": "{{ text }}" });
    let name = json!({ "port": 1, "to": "a@example.org", "attachment": "{{ text }}" });
    for settings in [to, header, from, name] {
        for text in [
            "a@example.org\r\nBcc: b@example.org",
            "a@example.org\nX: y",
            "a\rb",
            "a\0b",
        ] {
            let error = failure(settings.clone(), text);
            assert_eq!(
                error.kind(),
                ErrorKind::Unprocessable,
                "{settings}: {error}"
            );
            assert!(error.message().contains("line break"), "{error}");
        }
    }
    for text in ["", "nobody", "a@b@c", "<>", "a@example.org>"] {
        let error = failure(json!({ "port": 1, "to": "{{ text }}" }), text);
        assert_eq!(error.kind(), ErrorKind::Unprocessable, "{error}");
    }
}

#[test]
fn tls_and_the_login_are_as_the_settings_say() {
    let (crt, key) = certificate("smtp_out");
    for mode in ["starttls", "tls"] {
        let files = [crt.to_str().unwrap(), key.to_str().unwrap()];
        let mut sink = Sink::new(&[files[0], files[1], mode]);
        let more = json!({ "to": "a@example.org", "tls": mode, "from": "me@example.org", "password": "right" });
        let stranger = failure(sink.settings(more.clone()), "x");
        assert_eq!(stranger.kind(), ErrorKind::BadGateway, "{stranger}");
        let mut settings = sink.settings(more);
        settings["ca"] = json!(files[0]);
        let mut harness = start(settings);
        harness.send("x");
        assert_eq!(harness.take().len(), 1);
        let seen = sink.message();
        assert_eq!(seen["secure"], true);
        assert_eq!(seen["user"], "me@example.org");
    }
}

#[test]
fn mistakes_are_found_before_the_start_and_the_password_is_not_shown() {
    for (settings, says) in [
        (json!({}), "`to` is missing"),
        (
            json!({ "to": "a@b.c", "user": "u" }),
            "`user` needs `password`",
        ),
        (
            json!({ "to": "a@b.c", "from": "{{ text }}", "password": "p" }),
            "`password` needs `user`",
        ),
        (
            json!({ "to": "a@b.c", "host": "mail.example.org", "tls": "none", "password": "p" }),
            "for all to read",
        ),
        (
            json!({ "to": "a@b.c", "headers": { "Subject": "x" } }),
            "follows from the other",
        ),
        (
            json!({ "to": "a@b.c", "headers": { "X Y": "x" } }),
            "cannot be the name",
        ),
        (json!({ "to": "{{ nothing" }), "nothing"),
        (
            json!({ "to": "a@b.c", "tls": "tls", "ca": "/nowhere" }),
            "/nowhere",
        ),
    ] {
        let mistake = refused(settings);
        assert!(mistake.contains(says), "{mistake}");
    }
    let settings = json!({ "to": "a@b.c", "user": "u", "password": "hunter2" });
    let actor = serde_json::from_value::<SmtpOut>(settings).unwrap();
    assert!(!format!("{actor:?}").contains("hunter2"));
}
