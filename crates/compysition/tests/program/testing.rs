//! What is wrong with a test is told before it runs, and nobody reaches outside unless it says so.

use crate::support::{Files, compysition};

const FLOW: &str = r#"
name: orders
settings: { listen: "127.0.0.1:0" }
actors:
  http:  { http_server: { address: "${listen}" } }
  price: { http_client: { url: "http://127.0.0.1:1/price" } }
  odd:   { udp_in: { address: "127.0.0.1:1" } }
connect:
  - http, odd -> price -> reply
"#;

/// Runs tests of the flow, and returns what was said of them.
fn told_of(tests: &str) -> (bool, String) {
    let files = Files::new();
    files.write("orders.yaml", FLOW);
    files.write("orders.test.yaml", tests);
    let mut command = compysition(["test", "orders.yaml"]);
    let output = command.current_dir(files.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn all_mistakes_of_tests_are_told_at_once() {
    let (passed, told) = told_of(
        r#"mock: { price: { answer: { text: "3" } } }
tests:
  - name: expects nothing
    in: { http: { path: / } }
  - name: a regular expression that is none
    in: { http: { path: / } }
    expect: { answer: { body: { regex: "a(b" } } }
  - name: a key that is unknown
    expekt: { answer: { status: 200 } }
"#,
    );
    assert!(!passed);
    for part in [
        "the test expects nothing, so it cannot fail: write `expect:`\n --> orders.test.yaml:3:11",
        "`a(b` is no regular expression: unclosed group\n --> orders.test.yaml:7:40",
        "orders.test.yaml:9:5",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn nobody_reaches_outside_unless_the_test_says_so() {
    let case = |more: &str| {
        told_of(&format!(
            "tests:\n  - name: one\n{more}    in: {{ http: {{ path: / }} }}\n    expect: {{ answer: {{ status: 503 }} }}\n"
        ))
    };
    let (passed, told) = case("");
    assert!(!passed);
    let wanted = "`price` (http_client) would reach outside: give it a mock (`mock: { price: … }`), or say `real: [price]`";
    assert!(told.contains(wanted), "{told}");
    // A source outside is silent: nothing listens at its address.
    assert!(!told.contains("`odd`"), "{told}");
    // Nobody is there.
    let (passed, told) = case("    real: price\n    clock: real\n");
    assert!(passed, "{told}");
    let (passed, told) = case("    mock: { price: { error: { kind: unavailable } } }\n");
    assert!(passed, "{told}");
}

#[test]
fn other_flows_of_the_file_need_no_mocks() {
    let files = Files::new();
    files.write(
        "two.yaml",
        "name: one\nactors: { in: event_generator, out: discard }\nconnect: [in -> out]\n\
         tests: [{ name: a, in: { events: { in: x } }, expect: { out: [x] } }]\n---\n\
         name: other\nactors: { in: event_generator, call: { http_client: { url: \"http://127.0.0.1:1\" } } }\nconnect: [in -> call]\n",
    );
    let mut command = compysition(["test", "two.yaml"]);
    let output = command.current_dir(files.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
}
