//! One line for each request.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Actor, Context, Error, Event, Result, map};
use compysition_http::{AccessLog, Compression, HttpServer, LogFormat, LogQuery};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::support::{ANYWHERE, Folder, Site, circle, site};

fn echo(event: Event) -> Result<Event> {
    match event.text()? {
        "bad" => Err(Error::malformed("that is bad")),
        "who" => Err(Error::unauthorized("who are you")),
        _ => Ok(event),
    }
}

fn log(folder: &Folder) -> AccessLog {
    AccessLog::default().file(folder.path("access.log"))
}

fn server(log: AccessLog) -> HttpServer {
    HttpServer::at(ANYWHERE).access_log(log)
}

/// Stops the flow and returns what is in the log.
async fn lines(site: Site, folder: &Folder) -> Vec<String> {
    site.stop().await;
    let log = fs::read_to_string(folder.path("access.log")).unwrap();
    assert!(log.is_empty() || log.ends_with('\n'));
    log.lines().map(str::to_owned).collect()
}

/// Takes the date and the seconds out of a line, which are never the same.
fn plain(line: &str) -> String {
    let (start, rest) = line.split_once('[').unwrap();
    let (date, rest) = rest.split_once(']').unwrap();
    let date: Vec<char> = date.chars().collect();
    assert_eq!(date.len(), "06/Nov/1994:08:49:37 +0000".len(), "{date:?}");
    let (rest, meta_id) = rest.rsplit_once(' ').unwrap();
    let (rest, seconds) = rest.rsplit_once(' ').unwrap();
    assert!(seconds.parse::<f64>().unwrap() < 20.0);
    format!("{start}[]{rest} s {meta_id}")
}

#[tokio::test]
async fn lines_have_the_common_formats() {
    let ada = "authorization: Basic YWRhOnNlY3JldA==";
    for (format, more) in [
        (LogFormat::Common, ""),
        (
            LogFormat::Combined,
            r#" "https://a.org/?token=***" "curl \"8\"""#,
        ),
    ] {
        let folder = Folder::new("common");
        let site = circle(server(log(&folder).format(format)), map(echo)).await;
        let headers = format!(
            "{ada}\nx-correlation-id: m-1\nreferer: https://a.org/?token=secret\nuser-agent: curl \"8\""
        );
        let head = format!("POST /orders?key=secret&a=b\n{headers}");
        site.fetch(&head, b"hello").await;
        site.fetch(format!("HEAD /\n{headers}"), b"").await;
        site.fetch(format!("POST /\n{headers}"), b"bad").await;
        site.fetch(format!("POST /\n{headers}"), b"who").await;
        let lines = lines(site, &folder).await;
        let lines: Vec<_> = lines.iter().map(|line| plain(line)).collect();
        let query = "key=***&a=***";
        assert_eq!(
            lines,
            [
                format!("127.0.0.1 - ada [] \"POST /orders?{query} HTTP/1.1\" 200 5{more} s m-1"),
                format!("127.0.0.1 - ada [] \"HEAD / HTTP/1.1\" 200 0{more} s m-1"),
                format!("127.0.0.1 - ada [] \"POST / HTTP/1.1\" 400 18{more} s m-1"),
                format!("127.0.0.1 - - [] \"POST / HTTP/1.1\" 401 18{more} s m-1"),
            ]
        );
    }
}

#[tokio::test]
async fn lines_may_be_json() {
    let folder = Folder::new("json");
    let log = log(&folder).format(LogFormat::Json).query(LogQuery::All);
    let server = server(log)
        .correlation("")
        .compression(Compression::default());
    let site = circle(server, map(echo)).await;
    let head = "POST /a%22b?x=1&token=s\naccept-encoding: gzip\nuser-agent: a\"b";
    let answer = site.fetch(head, &[b'x'; 5000]).await;
    let lines = lines(site, &folder).await;
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["client"], "127.0.0.1");
    assert_eq!(line["user"], Value::Null);
    assert_eq!(line["method"], "POST");
    assert_eq!(line["path"], "/a%22b");
    assert_eq!(line["query"], "x=1&token=***");
    assert_eq!(line["protocol"], "HTTP/1.1");
    assert_eq!(line["status"], 200);
    assert_eq!(line["bytes"], answer.body.len());
    assert_eq!(line["agent"], "a\"b");
    assert!(line["seconds"].as_f64().unwrap() < 20.0);
    // Nobody is told the meta id, but the log knows it.
    assert_eq!(line["meta_id"].as_str().unwrap().len(), 36);
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn each_request_has_one_line() {
    let folder = Folder::new("once");
    let server = server(log(&folder)).route("x", "POST /x");
    let site = site(server, |director, http| {
        let step = director.register("step", map(echo));
        director.connect((http, "x"), step);
        director.connect(step, http);
    })
    .await;
    let mut clients = Vec::new();
    for number in 0..20 {
        let mut client = site.connect().await;
        clients.push(tokio::spawn(async move {
            for turn in 0..20 {
                // One after the other on the same connection, some of which are refused.
                let path = if turn % 5 == 4 { "/nowhere" } else { "/x" };
                let head = format!("POST {path}\nx-correlation-id: {number}-{turn}");
                client.send(&head, "hi").await;
                client.response().await;
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    let mut ids: Vec<String> = lines(site, &folder)
        .await
        .iter()
        .map(|line| line.rsplit_once(' ').unwrap().1.to_owned())
        .collect();
    ids.sort();
    let mut wanted: Vec<String> = (0..20)
        .flat_map(|number| (0..20).map(move |turn| format!("{number}-{turn}")))
        .collect();
    wanted.sort();
    assert_eq!(ids, wanted);
}

/// Tells that an event has come, and never sends it on.
struct Pit(Arc<Semaphore>);

impl Actor for Pit {
    async fn consume(&mut self, _: Event, ctx: &Context) -> Result {
        self.0.add_permits(1);
        ctx.cancelled().await;
        Err(Error::internal("it was called off"))
    }
}

#[tokio::test]
async fn a_client_that_left_has_a_line_too() {
    let folder = Folder::new("left");
    let arrived = Arc::new(Semaphore::new(0));
    let pit = Pit(arrived.clone());
    let site = circle(server(log(&folder)), pit).await;
    let mut client = site.connect().await;
    client.send("GET /slow\nx-correlation-id: gone", "").await;
    arrived.acquire().await.unwrap().forget();
    drop(client);
    // It is written as soon as the server sees that.
    let path = folder.path("access.log");
    let written = async {
        while !fs::read_to_string(&path).is_ok_and(|log| log.ends_with('\n')) {
            tokio::task::yield_now().await;
        }
    };
    let written = tokio::time::timeout(Duration::from_secs(20), written).await;
    assert!(written.is_ok());
    let lines = lines(site, &folder).await;
    assert_eq!(lines.len(), 1);
    let line = plain(&lines[0]);
    assert_eq!(line, "127.0.0.1 - - [] \"GET /slow HTTP/1.1\" 499 0 s gone");
}

#[tokio::test]
async fn a_log_that_is_moved_aside_is_begun_anew() {
    let folder = Folder::new("moved");
    let site = circle(server(log(&folder)), map(echo)).await;
    let path = folder.path("access.log");
    let written = async || {
        while !fs::read_to_string(&path).is_ok_and(|log| log.ends_with('\n')) {
            tokio::task::yield_now().await;
        }
    };
    site.fetch("GET /1", b"").await;
    written().await;
    fs::rename(&path, folder.path("access.log.1")).unwrap();
    site.fetch("GET /2", b"").await;
    written().await;
    let lines = lines(site, &folder).await;
    assert!(lines[0].contains("GET /2 "), "{lines:?}");
    let old = fs::read_to_string(folder.path("access.log.1")).unwrap();
    assert!(old.contains("GET /1 ") && old.lines().count() == 1, "{old}");
}

#[tokio::test]
async fn the_programs_own_log_will_do() {
    let writer = Writer::default();
    let shared = writer.0.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(move || Writer(shared.clone()))
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for format in [LogFormat::Json, LogFormat::Common] {
        let site = circle(server(AccessLog::default().format(format)), map(echo)).await;
        site.fetch("POST /a?b=secret\nx-correlation-id: m", b"hello")
            .await;
        site.stop().await;
    }
    let text = String::from_utf8(writer.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("secret"), "{text}");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line.to_string().contains("/a"))
        .collect();
    assert_eq!(lines.len(), 2, "{text}");
    let fields = &lines[0]["fields"];
    assert_eq!(fields["status"], 200);
    assert_eq!(fields["bytes"], 5);
    assert_eq!(fields["meta_id"], "m");
    assert_eq!(fields["query"], "b=***");
    let message = lines[1]["fields"]["message"].as_str().unwrap();
    assert!(
        message.contains("\"POST /a?b=*** HTTP/1.1\" 200 5 "),
        "{message}"
    );
}

/// Keeps what is written.
#[derive(Default)]
struct Writer(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
