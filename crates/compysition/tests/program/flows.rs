//! The tests of all flows of the project, as `compysition test` runs them: those of `tests/flows` and of the examples.

use std::path::{Path, PathBuf};

use crate::support::{Files, compysition, examples, root};

/// Runs tests and returns whether all passed, with what was said.
fn test(args: &[&str]) -> (bool, String) {
    let mut command = compysition(["test"].into_iter().chain(args.iter().copied()));
    let output = command.current_dir(root()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn all_flows_do_what_their_tests_say() {
    let (passed, text) = test(&[
        "tests/flows",
        "examples/ten_flows",
        "examples/two_outputs",
        "examples/xml_gateway",
    ]);
    assert!(passed, "{text}");
}

#[test]
fn the_program_of_an_example_tests_its_flow() {
    let own = Path::new(env!("CARGO_BIN_EXE_compysition")).with_file_name("examples/own_program");
    let output = std::process::Command::new(own)
        .args(["test", "examples/own_program"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn every_flow_has_tests() {
    let mut flows = Vec::new();
    for directory in [examples(), root().join("tests/flows")] {
        walk(&directory, &mut flows);
    }
    assert!(flows.len() > 45, "{flows:?}");
    let untested: Vec<&PathBuf> = flows
        .iter()
        .filter(|flow| !flow.with_extension("test.yaml").exists())
        .collect();
    assert!(untested.is_empty(), "{untested:?}");
}

fn walk(directory: &Path, flows: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            // What is in `parts` is tested as a part of flows.
            if name != "parts" {
                walk(&path, flows);
            }
        } else if name.ends_with(".yaml") && !name.ends_with(".test.yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            if text.contains("\nactors:") {
                flows.push(path);
            }
        }
    }
}

const FLOW: &str = r#"
name: shout
settings: { listen: }
actors:
  http:  { http_server: { address: "${listen}", routes: { say: POST /say } } }
  shout: { template: { inline: "{{ text | upper }}!" } }
connect:
  - http.say -> shout -> reply
  - shout.error -> reply
"#;

fn files(tests: &str) -> Files {
    let files = Files::new();
    files.write("shout.yaml", FLOW);
    files.write("shout.test.yaml", tests);
    files
}

const WRONG: &str = r#"set: { listen: "127.0.0.1:0" }   # nobody listens
tests:
  - name: it shouts
    in: { http: { path: /say, body: hello } }
    expect:
      answer: { status: 201, body: "hello!" }   # the status as well
      shout:
        - text: bye
"#;

#[test]
fn a_failure_says_where_what_and_the_difference() {
    let files = files(WRONG);
    let (passed, text) = test(&[files.path().to_str().unwrap()]);
    assert!(!passed);
    for part in [
        "FAILED it shouts",
        "shout.test.yaml:3:5",
        "the status of the answer is not as expected",
        "    - 201\n    + 200\n",
        "shout.test.yaml:6:36",
        "    - hello!\n    + HELLO!\n",
        "    - bye\n    + hello\n",
        "1 test of 1 flow: 1 failed",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn what_came_is_accepted_and_the_rest_of_the_file_stays() {
    let files = files(WRONG);
    let path = files.path().to_str().unwrap();
    let (_, text) = test(&[path, "--accept"]);
    assert!(text.contains("wrote what came into"), "{text}");
    let accepted = std::fs::read_to_string(files.path().join("shout.test.yaml")).unwrap();
    let wanted = WRONG
        .replace("201", "200")
        .replace("\"hello!\"", "\"HELLO!\"")
        .replace("bye", "\"hello\"");
    assert_eq!(accepted, wanted);
    let (passed, text) = test(&[path]);
    assert!(passed, "{text}");
}

#[test]
fn a_list_of_events_and_a_block_are_accepted_as_a_whole() {
    let tests = r#"set: { listen: "127.0.0.1:0" }
tests:
  - name: it shouts
    in: [{ http: { path: /say, body: a } }, { http: { path: /say, body: "b\nc" } }]
    expect:
      # all that is said
      shout:
        - text: a
      reply:
        - A!
        - text: |
            B
            D!
"#;
    let files = files(tests);
    let path = files.path().to_str().unwrap();
    let (_, text) = test(&[path, "--accept"]);
    assert!(text.contains("wrote what came into"), "{text}");
    let accepted = std::fs::read_to_string(files.path().join("shout.test.yaml")).unwrap();
    let wanted = tests
        .replace(
            "shout:\n        - text: a\n",
            "shout: [{ text: \"a\" }, { text: \"b\\nc\" }]\n",
        )
        .replace(
            "|\n            B\n            D!",
            "|-\n            B\n            C!",
        );
    assert_eq!(accepted, wanted);
    let (passed, text) = test(&[path]);
    assert!(passed, "{text}");
}

#[test]
fn accepted_events_keep_their_errors_also_where_there_are_more_than_were_expected() {
    let files = Files::new();
    files.write(
        "parse.yaml",
        "name: parse\nactors: { in: event_generator, parse: json_to_xml, out: discard, failed: discard }\n\
         connect: [in -> parse -> out, parse.error -> failed]\n",
    );
    let tests = "tests:\n  - name: no json\n    in: { events: { in: [a, b] } }\n    expect:\n      failed:\n        \
                 - error: { kind: malformed, actor: parse }\n";
    let path = files.write("parse.test.yaml", tests);
    let path = path.to_str().unwrap();
    let (_, text) = test(&[path, "--accept"]);
    assert!(text.contains("wrote what came into"), "{text}");
    let accepted = std::fs::read_to_string(path).unwrap();
    let errors = accepted.matches("kind: \"malformed\"").count();
    assert_eq!(errors, 2, "{accepted}");
    assert_eq!(
        accepted.matches("actor: \"parse\"").count(),
        2,
        "{accepted}"
    );
    let (passed, text) = test(&[path]);
    assert!(passed, "{text}");
}

#[test]
fn accepted_events_keep_what_is_expected_beside_the_payload_where_there_are_more() {
    let files = Files::new();
    files.write(
        "stamp.yaml",
        "name: stamp\nactors: { in: event_generator, stamp: { set: { attributes.n: 7, service: orders } }, out: discard }\n\
         connect: [in -> stamp -> out]\n",
    );
    let expected = "{ text: \"a\", attributes: { n: 7 }, service: \"orders\" }";
    let tests = format!(
        "tests:\n  - name: stamps\n    in: {{ events: {{ in: [x, a, b] }} }}\n    expect:\n      out: [{expected}]\n"
    );
    let path = files.write("stamp.test.yaml", &tests);
    let path = path.to_str().unwrap();
    let (_, text) = test(&[path, "--accept"]);
    assert!(text.contains("wrote what came into"), "{text}");
    let accepted = std::fs::read_to_string(path).unwrap();
    let all = format!("[{{ text: \"x\" }}, {expected}, {{ text: \"b\" }}]");
    assert_eq!(accepted, tests.replace(&format!("[{expected}]"), &all));
    let (passed, text) = test(&[path]);
    assert!(passed, "{text}");
}

#[test]
fn reports_tell_what_was_reached_and_speak_to_machines() {
    let files = files(WRONG);
    let junit = files.path().join("junit.xml");
    let (_, text) = test(&[
        files.path().to_str().unwrap(),
        "--coverage",
        "--junit",
        junit.to_str().unwrap(),
    ]);
    assert!(
        text.contains("3/3     2/2     0/1     0/0  shout.error -> reply"),
        "{text}"
    );
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(
        junit.contains("failures=\"1\"") && junit.contains("+ HELLO!"),
        "{junit}"
    );
}

#[test]
fn templates_of_stylesheets_that_no_test_reached_are_named() {
    let files = Files::new();
    files.write(
        "order.xsl",
        "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>\n\
         <xsl:template match='/'><all><xsl:apply-templates select='*/*'/></all></xsl:template>\n\
         <xsl:template match='item'><one/></xsl:template>\n\
         <xsl:template match='gift' mode='long'><two/></xsl:template>\n\
         <xsl:template match='item' name='unused' priority='-1'><xsl:call-template name='unused'/></xsl:template>\n\
         </xsl:stylesheet>",
    );
    let flow = files.write(
        "order.yaml",
        "name: order\nactors:\n  in: event_generator\n  shape: { xslt: { stylesheet: order.xsl } }\n  out: discard\n\
         connect: [in -> shape -> out]\ntests:\n  - name: items\n    in: { events: { in: { xml: <o><item/></o> } } }\n    \
         expect: { out: [{ xml: <all><one/></all> }] }\n",
    );
    let (passed, text) = test(&[flow.to_str().unwrap(), "--coverage"]);
    assert!(passed, "{text}");
    let wanted =
        "2/4  shape: template gift mode=long (order.xsl:4), shape: template item (order.xsl:5)";
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn names_and_keys_that_mean_nothing_are_refused_with_their_places() {
    for (tests, parts) in [
        (
            "tests: [{ name: a, expcet: {} }]",
            ["1:20", "did you mean `expect`?"],
        ),
        (
            "set: { listen: \"127.0.0.1:0\" }\ntests:\n  - { name: a, expect: { shot: [] } }",
            ["3:26", "did you mean `shout`?"],
        ),
        (
            "set: { listen: \"127.0.0.1:0\" }\ntests: [{ name: a, mock: { shuot: discard }, expect: { answer: { status: 200 } } }]",
            ["2:28", "did you mean `shout`?"],
        ),
        (
            "set: { listen: \"127.0.0.1:0\" }\ntests: [{ name: a, in: { events: { shout.inn: x } }, expect: { answer: { status: 200 } } }]",
            ["2:", "did you mean `shout.say`?"],
        ),
        (
            "set: { listen: \"127.0.0.1:0\" }\ntests: [{ name: a, expect: { shout.repyl: [] } }]",
            ["2:30", "did you mean `shout.reply`?"],
        ),
        (
            "tests: [{ name: a, mock: { shout: { error: { kind: tiemout } } } }]",
            ["1:52", "did you mean `timeout`?"],
        ),
    ] {
        let files = files(tests);
        let (passed, text) = test(&[files.path().to_str().unwrap()]);
        assert!(!passed);
        for part in parts {
            assert!(text.contains(part), "`{part}` is not in\n{text}");
        }
    }
}

#[test]
fn a_flow_that_hangs_fails_its_test_and_tells_who_has_what() {
    let files = Files::new();
    let flow = r#"
name: slow
actors:
  in:   { event_generator: { interval: 100h } }
  wait: { set: { payload: x } }
  out:  discard
connect: [in -> wait -> out]
tests:
  - name: it ends
    within: 1s
    mock: { wait: { delay: 1h, answer: { text: x } } }
    in: { events: { wait: a } }
    expect: { out: [x] }
"#;
    let path = files.write("slow.yaml", flow);
    let (passed, text) = test(&[path.to_str().unwrap()]);
    assert!(!passed);
    assert!(
        text.contains("the test hangs") && text.contains("not done: wait"),
        "{text}"
    );
}
