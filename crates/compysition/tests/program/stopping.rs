//! SIGTERM while requests are under way, and clients that go away.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::back_end::BackEnd;
use crate::curl::{curl, exit_code};
use crate::support::{DEADLINE, Files, Process};

/// Well within the 30 seconds for which a flow may drain.
const SOON: Duration = Duration::from_secs(10);

/// curl's exit code for a time-out.
const CURL_TIMED_OUT: i32 = 28;

const PASSES_ON: &str = r#"
name: passes_on
settings: { listen: , back_end: }
actors:
  http: { http_server: { address: "${listen}", routes: { ask: POST /ask, echo: POST /echo } } }
  ask:  { http_client: { url: "${back_end}/" } }
connect:
  - http.ask -> ask -> reply
  - http.echo -> reply
"#;

fn passes_on(files: &Files, back_end: &BackEnd) -> (Process, String) {
    let file = files.write("passes_on.yaml", PASSES_ON);
    let back_end = format!("back_end={}", back_end.url);
    let args = ["--set", "listen=127.0.0.1:0", "--set", &back_end];
    let (process, url) = Process::serve(&file, &args);
    (process, format!("{url}/ask"))
}

#[test]
fn what_was_admitted_is_answered_and_who_comes_later_is_told_so() {
    let files = Files::new();
    let back_end = BackEnd::start();
    let (process, url) = passes_on(&files, &back_end);

    let clients: Vec<_> = (0..40)
        .map(|number| {
            let url = url.clone();
            thread::spawn(move || curl(&["--data", &number.to_string(), &url]))
        })
        .collect();
    // All of them are in the flow now, and none is answered.
    let waiting: Vec<_> = (0..40).map(|_| back_end.next()).collect();
    process.terminate();

    let echo = url.replace("/ask", "/echo");
    let until = Instant::now() + DEADLINE;
    let late = loop {
        let answer = curl(&["--data", "late", &echo]);
        // Until the signal has come, it is not late.
        if answer.status != 200 {
            break answer;
        }
        assert!(Instant::now() < until, "the signal does nothing");
    };
    assert_eq!(late.status, 503, "{late:?}");
    assert!(late.header("retry-after").is_some(), "{late:?}");

    waiting.into_iter().for_each(|one| one.answer("done"));
    for client in clients {
        let answer = client.join().unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "done"));
    }
    let ended = process.ended();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn no_answer_is_cut_off_under_load() {
    const ECHO: &str = "
name: echo
settings: { listen: }
actors:
  http: { http_server: { address: '${listen}', routes: { echo: POST /echo } } }
connect:
  - http.echo -> reply
";
    let files = Files::new();
    let file = files.write("echo.yaml", ECHO);
    let (process, url) = Process::serve(&file, &["--set", "listen=127.0.0.1:0"]);
    let address = url.trim_start_matches("http://").to_owned();
    let good = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..16)
        .map(|_| {
            let (address, good) = (address.clone(), good.clone());
            thread::spawn(move || while ask_once(&address, &good) {})
        })
        .collect();
    let until = Instant::now() + DEADLINE;
    while good.load(Ordering::Relaxed) < 200 {
        assert!(Instant::now() < until, "no answers");
        thread::yield_now();
    }
    let ended = process.stop();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let said_so = ended.log.iter().any(|line| line.contains("\"stopped\""));
    assert!(said_so, "{ended:#?}");
    clients.into_iter().for_each(|one| one.join().unwrap());
}

/// Sends a request of its own connection; returns whether the server still listens. What is answered is
/// answered whole; who was not admitted may find the connection closed without a word.
fn ask_once(address: &str, good: &AtomicUsize) -> bool {
    let Ok(mut connection) = TcpStream::connect(address) else {
        return false;
    };
    connection.set_read_timeout(Some(DEADLINE)).unwrap();
    let body = "x".repeat(10_000);
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\nconnection: close";
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let sent = connection.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let read = connection.read_to_end(&mut answer);
    if answer.is_empty() {
        return false;
    }
    read.unwrap();
    sent.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, got) = answer.split_once("\r\n\r\n").unwrap();
    if head.starts_with("HTTP/1.1 503 ") {
        assert!(head.contains("retry-after:"), "{head}");
        return true;
    }
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(got == body, "cut off after {} bytes", got.len());
    good.fetch_add(1, Ordering::Relaxed);
    true
}

#[test]
fn a_client_that_went_away_leaves_nothing_behind() {
    let files = Files::new();
    let back_end = BackEnd::start();
    let (mut process, url) = passes_on(&files, &back_end);
    let gone = exit_code(&["--max-time", "0.5", "--data", "x", &url]);
    assert_eq!(gone, Some(CURL_TIMED_OUT));
    drop(back_end.next());
    // The flow has noticed that its back-end hung up: nothing of the request is left.
    process.await_log("\"actor\":\"ask\"");
    let before = Instant::now();
    let ended = process.stop();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(before.elapsed() < SOON, "{ended:#?}");
}

#[test]
fn a_client_that_went_away_does_not_stop_what_it_began() {
    let files = Files::new();
    let back_end = BackEnd::start();
    let (mut process, url) = passes_on(&files, &back_end);
    let gone = exit_code(&["--max-time", "0.5", "--data", "x", &url]);
    assert_eq!(gone, Some(CURL_TIMED_OUT));
    let waiting = back_end.next();
    process.terminate();
    process.await_log("stopping");
    waiting.answer("done, and nobody is there");
    let before = Instant::now();
    let ended = process.ended();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(before.elapsed() < SOON, "{ended:#?}");
}

#[test]
fn a_request_that_is_dropped_is_answered_at_once_and_names_the_actor() {
    const DROPS: &str = "
name: drops
settings: { listen: }
actors:
  http: { http_server: { address: '${listen}', routes: { lost: POST /lost } } }
  pit:  discard
connect:
  - http.lost -> pit
";
    let files = Files::new();
    let file = files.write("drops.yaml", DROPS);
    let (mut process, url) = Process::serve(&file, &["--set", "listen=127.0.0.1:0"]);
    let before = Instant::now();
    let answer = curl(&["--data", "x", &format!("{url}/lost")]);
    // A machine with much to do starts curl late; the door's own deadline is 30 seconds.
    assert!(before.elapsed() < SOON);
    assert_eq!(answer.status, 502, "{answer:?}");
    assert!(answer.body.contains("pit"), "{answer:?}");
    let line = process.await_log("no answer");
    let meta_id = answer.header("x-correlation-id").unwrap();
    assert!(line.contains("WARN") && line.contains(meta_id), "{line}");
    assert_eq!(process.stop().code, Some(0));
}
