//! What a running flow does is recorded as tests, which hold, and tell when the flow has become another.

use crate::curl::curl;
use crate::support::{Files, Process, compysition};

const FLOW: &str = r#"
name: orders
settings: { listen: , prices: }
actors:
  http:  { http_server: { address: "${listen}", routes: { order: POST /orders } } }
  price: { http_client: { url: "${prices}/price" }, retry: { attempts: 3, delay: 1ms, errors: [not_found] } }
  shape: { set: { payload.key: "${secret:SHOP_KEY}", payload.total: "{{ payload.eur * 2 }}" } }
connect:
  - http.order -> price -> shape -> reply
"#;

const PRICES: &str = r#"
name: prices
settings: { listen: }
actors:
  http: { http_server: { address: "${listen}" } }
  some: { filter: { condition: "payload.item == 'pen'", otherwise: none } }
  eur:  { set: { payload: { eur: 3 } } }
  no:   { set: { http.status: 404 } }
connect:
  - http -> some -> eur -> reply
  - some.none -> no -> reply
"#;

/// Runs the flow with a recorder, asks for a pen and for a moon, and returns where the flow and the recorded tests are.
fn recorded(what: &str) -> Files {
    let files = Files::new();
    let flow = files.write("orders.yaml", FLOW);
    let prices = files.write("prices.yaml", PRICES);
    let listen = ["--set", "listen=127.0.0.1:0"];
    let (back_end, address) = Process::serve(&prices, &listen);
    let mut command = compysition(["run", "--log", "json", "--record", what, "--record-to"]);
    command
        .arg(files.path().join("recorded"))
        .arg(&flow)
        .args(listen);
    command.args(["--set", &format!("prices={address}")]);
    command.args(["--record-without", "4[0-9]{3} [0-9]{4}"]);
    let mut process = Process::start(command.env("SHOP_KEY", "sesame-open"));
    let url = format!("{}/orders", process.url());
    let header = ["--header", "authorization: Bearer abc"];
    let ask = |body: &str| curl(&[header[0], header[1], "--json", body, &url]).status;
    assert_eq!(ask(r#"{"item":"pen","card":"4111 1111"}"#), 200);
    assert_eq!(ask(r#"{"item":"moon"}"#), 502);
    assert_eq!(process.stop().code, Some(0));
    drop(back_end.stop());
    files
}

fn tests(files: &Files) -> Vec<String> {
    let entries = std::fs::read_dir(files.path().join("recorded")).unwrap();
    let read = |path| std::fs::read_to_string(path).unwrap();
    entries.map(|entry| read(entry.unwrap().path())).collect()
}

fn test(files: &Files) -> (bool, String) {
    let mut command = compysition(["test", "recorded"]);
    let output = command.current_dir(files.path()).env("SHOP_KEY", "***");
    let output = output.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (
        output.status.success(),
        text + &String::from_utf8_lossy(&output.stderr),
    )
}

#[test]
fn what_a_door_took_becomes_tests_without_secrets_that_tell_which_hop_differs() {
    let files = recorded("door=http");
    let recorded = tests(&files);
    assert_eq!(recorded.len(), 2, "{recorded:#?}");
    let all = recorded.concat();
    for secret in ["sesame", "Bearer", "4111 1111"] {
        assert!(!all.contains(secret), "{all}");
    }
    let (passed, text) = test(&files);
    assert!(passed, "{text}\n{all}");

    files.write(
        "orders.yaml",
        &FLOW.replace("payload.eur * 2", "payload.eur * 5"),
    );
    let (passed, text) = test(&files);
    assert!(!passed);
    assert!(text.contains("the event that reached `reply`"), "{text}");
    assert!(!text.contains("reached `price`"), "{text}");
}

#[test]
fn of_all_requests_only_those_with_errors_are_kept() {
    let files = recorded("errors");
    let recorded = tests(&files);
    assert_eq!(recorded.len(), 1, "{recorded:#?}");
    assert!(
        recorded[0].contains("moon") && recorded[0].contains("not_found"),
        "{recorded:?}"
    );
    // It was tried three times, and so it is again.
    assert!(
        recorded[0].contains("answer: { status: 502 }"),
        "{recorded:?}"
    );
    assert_eq!(recorded[0].matches("\"details\"").count(), 0);
    assert_eq!(recorded[0].matches("details: {").count(), 3, "{recorded:?}");
    let (passed, text) = test(&files);
    assert!(passed, "{text}");
}

#[test]
fn a_door_that_there_is_not_is_refused() {
    let files = Files::new();
    let flow = files.write("orders.yaml", FLOW);
    let mut command = compysition(["run", "--record", "door=htp", "--set", "listen=127.0.0.1:0"]);
    command
        .args(["--set", "prices=http://127.0.0.1:1"])
        .arg(flow);
    let output = command.env("SHOP_KEY", "k").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        told.contains("no event comes in by `htp`, but by http"),
        "{told}"
    );
}

const CHECKED: &str = r#"
name: checked
settings: { listen: }
dead_letters: dead.jsonl
actors:
  http:  { http_server: { address: "${listen}" } }
  whole: { json_schema: { inline: { type: object, required: [item] } } }
  price: { http_client: { url: "http://127.0.0.1:1/price" } }
connect:
  - http -> whole -> price -> reply
"#;

#[test]
fn what_failed_early_and_was_kept_replays_without_reaching_anybody() {
    let files = Files::new();
    let flow = files.write("checked.yaml", CHECKED);
    let mut command = compysition(["run", "--log", "json", "--record", "errors", "--record-to"]);
    command.arg(files.path().join("recorded")).arg(&flow);
    command.args(["--set", "listen=127.0.0.1:0"]);
    let mut process = Process::start(&mut command);
    let answer = curl(&["--json", r#"{"no":"item"}"#, &process.url()]);
    assert_eq!(answer.status, 400);
    assert_eq!(process.stop().code, Some(0));
    let letters = || std::fs::read_to_string(files.path().join("dead.jsonl")).unwrap();
    let kept = letters();
    assert_eq!(kept.lines().count(), 1, "{kept}");

    let recorded = tests(&files).concat();
    assert!(recorded.contains("answer: { status: 400 }"), "{recorded}");
    let (passed, text) = test(&files);
    assert!(passed, "{text}\n{recorded}");
    assert_eq!(letters(), kept, "a test has written a letter");
}

/// A flow that keeps rows in a file, and puts what it finds there beside what came in.
const KEPT: &str = r#"
name: kept
settings: { listen: , db: rows.db }
actors:
  http: { http_server: { address: "${listen}" } }
  ask:  { sql: { url: "sqlite:${db}", query: "select 'Ada' as name, :id as id", with: { id: "{{ payload.id }}" }, rows: first }, into: attributes.customer }
  note: { sql: { url: "sqlite:${db}", setup: "create table if not exists seen (id)", query: "insert into seen values (:id)", with: { id: "{{ payload.id }}" } } }
  say:  { set: { payload: { name: "{{ attributes.customer.name }}" } } }
connect:
  - http -> ask -> note -> say -> reply
"#;

#[test]
fn what_was_put_beside_the_payload_is_there_again_and_no_file_of_the_flow_is_touched() {
    let files = Files::new();
    let flow = files.write("kept.yaml", KEPT);
    let mut command = compysition(["run", "--log", "json", "--record", "door=http"]);
    command
        .arg("--record-to")
        .arg(files.path().join("recorded"));
    command.arg(&flow).args(["--set", "listen=127.0.0.1:0"]);
    let mut process = Process::start(&mut command);
    let answer = curl(&["--json", r#"{"id":7}"#, &process.url()]);
    assert_eq!((answer.status, &*answer.body), (200, r#"{"name":"Ada"}"#));
    assert_eq!(process.stop().code, Some(0));
    let written = || std::fs::read(files.path().join("rows.db")).unwrap();
    let before = written();
    let (passed, told) = test(&files);
    assert!(passed, "{told}\n{}", tests(&files).concat());
    assert_eq!(written(), before);
}
