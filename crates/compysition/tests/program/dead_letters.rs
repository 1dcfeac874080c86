//! What a flow could not do is in its dead letters before anybody is told so, and can be sent again.

use std::process::Command;

use crate::back_end::BackEnd;
use crate::curl::curl;
use crate::support::{Files, Process, compysition};

const TAKES_ORDERS: &str = r#"
name: takes_orders
settings: { listen: , back_end: }
dead_letters: dead.jsonl
actors:
  http: { http_server: { address: "${listen}", routes: { order: POST /orders }, answer: delivered } }
  ship: { http_client: { url: "${back_end}/", method: POST } }
  done: discard
connect:
  - http.order -> ship -> done
"#;

#[test]
fn a_kept_order_is_202_survives_a_kill_and_is_sent_again() {
    let files = Files::new();
    let file = files.write("orders.yaml", TAKES_ORDERS);
    let back_end = BackEnd::start();
    let set = format!("back_end={}", back_end.url);
    let set = ["--set", "listen=127.0.0.1:0", "--set", &set];
    let (process, url) = Process::serve(&file, &set);
    let ask = std::thread::spawn(move || {
        let user = ["--user", "alice:secret", "--data", "three pens"];
        curl(&[&user[..], &[&format!("{url}/orders")]].concat())
    });
    // The back-end hangs up.
    drop(back_end.next());
    let answer = ask.join().unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    // SIGKILL: what was answered must be in the file.
    drop(process);
    let letters = files.path().join("dead.jsonl");
    let text = std::fs::read_to_string(&letters).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("three pens") && !text.contains("YWxpY2U6c2VjcmV0"),
        "{text}"
    );

    let mut replay: Command = compysition(["replay"].into_iter().chain(set));
    replay.arg(&letters).arg("--into").arg(&file);
    let replay = std::thread::spawn(move || replay.output().unwrap());
    back_end.next().answer("shipped");
    let output = replay.join().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("1 of 1 letters sent: 1 delivered"),
        "{output:?}"
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
