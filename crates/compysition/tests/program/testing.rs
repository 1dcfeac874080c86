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
fn nobody_is_real_and_played_by_a_mock() {
    let mock = "mock: { price: { error: { kind: unavailable } } }";
    let request = "in: { http: { path: / } }\n    expect: { answer: { status: 503 } }\n";
    let (passed, told) = told_of(&format!(
        "tests:\n  - name: one\n    {mock}\n    real: [odd, price]\n    {request}"
    ));
    assert!(!passed, "{told}");
    let wanted = "`price` has a mock and is to be real: leave one of them out\n     --> orders.test.yaml:4:17";
    assert!(told.contains(wanted), "{told}");
    // So it is for all tests, and by the names of kinds.
    let (passed, told) = told_of(&format!(
        "real: http_client\nmock: {{ http_client: pass }}\ntests:\n  - name: one\n    {request}"
    ));
    assert!(!passed, "{told}");
    let wanted = "`http_client` has a mock and is to be real: leave one of them out\n     --> orders.test.yaml:1:7";
    assert!(told.contains(wanted), "{told}");
}

#[test]
fn what_a_test_says_itself_of_an_actor_comes_first() {
    let pass = "mock: { price: { answer: { text: \"3\" } } }";
    let case = |all: &str, own: &str, status: u16| {
        told_of(&format!(
            "{all}\ntests:\n  - name: one\n    {own}\n    clock: real\n    in: {{ http: {{ path: / }} }}\n    \
             expect: {{ answer: {{ status: {status} }} }}\n"
        ))
    };
    let (passed, told) = case("real: [price]", pass, 200);
    assert!(passed, "{told}");
    let (passed, told) = case(pass, "real: [price]", 503);
    assert!(passed, "{told}");
    // A name says more than a kind.
    let kind = "mock: { http_client: { answer: { text: \"3\" } } }";
    let (passed, told) = case(&format!("{kind}\nreal: [price]"), "", 503);
    assert!(passed, "{told}");
}

#[test]
fn who_is_to_be_real_is_known() {
    let (passed, told) = told_of(
        "tests:\n  - name: one\n    real: [prize, price]\n    in: { http: { path: / } }\n    expect: { answer: { status: 503 } }\n",
    );
    assert!(!passed, "{told}");
    let wanted =
        "the flow has no actor `prize`, and there is no such kind\n     --> orders.test.yaml:3:12";
    assert!(told.contains(wanted), "{told}");
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

#[test]
fn sources_that_wait_for_what_comes_from_outside_let_a_test_end() {
    let files = Files::new();
    files.write(
        "pair.yaml",
        "name: pair\nsettings: { socket: }\nactors:\n  in: event_generator\n  push: { zmq_push: { connect: \"${socket}\" } }\n  \
         pull: { zmq_pull: { bind: \"${socket}\" } }\n  route: { zmq_router: { bind: \"${socket}-2\" } }\n  out: discard\n\
         connect: [in -> push, pull -> out, route -> out]\n",
    );
    files.write(
        "pair.test.yaml",
        "tests:\n  - name: over\n    set: { socket: \"ipc://{dir}/s\" }\n    real: [push, pull, route]\n    clock: real\n    \
         in: { events: { in: hello } }\n    after: 500ms\n    expect: { out: [hello] }\n",
    );
    let mut command = compysition(["test", "pair.yaml"]);
    let output = command.current_dir(files.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
}
