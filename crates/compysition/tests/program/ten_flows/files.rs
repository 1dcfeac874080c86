//! Content-based routing and log shipping: flows that begin with files.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::{ECHO, NOBODY, Peer, run, stop};
use crate::support::{Files, await_that};

/// Waits until a file has so many lines, and returns them.
pub(super) fn lines(path: &Path, count: usize) -> Vec<String> {
    let read = || {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().map(str::to_owned);
        lines.collect::<Vec<String>>()
    };
    await_that(&path.display().to_string(), || read().len() >= count);
    read()
}

#[test]
fn cbr_sends_each_order_where_it_belongs() {
    let files = Files::new();
    let folder = files.path().join("in");
    fs::create_dir(&folder).unwrap();
    for (name, text) in [
        ("1.json", r#"{"region":"eu","total":5}"#),
        ("2.json", r#"{"region":"us","total":20000}"#),
        ("3.json", r#"{"region":"us","total":7}"#),
        ("4.json", "this is no order"),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    let mut eu = Peer::echo();
    let path = files.path().display().to_string();
    let values = [
        ("folder", &path[..]),
        ("stable", "0s"),
        ("eu_url", &eu.url),
        ("big_url", NOBODY),
    ];
    let process = run("cbr", &values);
    assert_eq!(eu.next(), r#"{"region":"eu","total":5}"#);
    let rest = lines(&files.path().join("rest.jsonl"), 1);
    assert_eq!(rest, [r#"{"region":"us","total":7}"#]);
    // The desk for large orders is away, and one is no order.
    let mut dead = lines(&files.path().join("dead.jsonl"), 2);
    dead.sort_by_key(|letter| letter.contains("\"total\":20000"));
    assert!(
        dead[0].contains("4.json") && dead[0].contains("malformed"),
        "{dead:?}"
    );
    assert!(
        dead[1].contains("\"total\":20000") && dead[1].contains("unavailable"),
        "{dead:?}"
    );
    stop(process);
}

#[test]
fn ship_masks_packs_and_waits_for_a_collector_that_is_away() {
    let files = Files::new();
    let log = files.write("app.log", "");
    let append = |text: &str| {
        let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let mut loki = Peer::echo();
    let (logs, url) = (log.display().to_string(), loki.url.clone());
    let checkpoint = files.path().join("state").display().to_string();
    let values = [
        ("logs", &logs[..]),
        ("loki_url", &url),
        ("checkpoint", &checkpoint),
    ];
    let mut process = run("ship", &values);
    append("login password=secret ok\nsecond\n");
    assert_eq!(process.next_output(), "login password=REDACTED ok");
    assert_eq!(process.next_output(), "second");
    assert_eq!(loki.next(), r#"["login password=REDACTED ok","second"]"#);

    // The collector goes away and comes back where it was: what was written meanwhile arrives.
    let address = url.strip_prefix("http://").unwrap().to_owned();
    drop(loki);
    append("third\n");
    assert_eq!(process.next_output(), "third");
    let mut loki = Peer::at(&address, ECHO);
    assert_eq!(loki.next(), r#"["third"]"#);
    stop(process);
}
