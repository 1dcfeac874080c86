//! `compysition check` on files that are right and wrong.

use std::path::Path;
use std::process::Output;

use crate::support::{Files, compysition, examples};

fn check(files: &[&Path]) -> Output {
    compysition(["check"]).args(files).output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_examples_are_right() {
    let examples = examples();
    let files = [
        "xml_gateway/gateway.yaml",
        "xml_gateway/executor.yaml",
        "two_outputs/two_outputs.yaml",
    ]
    .map(|file| examples.join(file));
    let output = check(&files.each_ref().map(|file| file.as_path()));
    assert!(output.status.success(), "{}", errors(&output));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "flow `gateway` is ok\nflow `executor` is ok\nflow `two_outputs` is ok\n"
    );
}

#[test]
fn every_example_with_a_flow_is_looked_at() {
    let mut flows = Vec::new();
    for directory in std::fs::read_dir(examples()).unwrap() {
        for file in std::fs::read_dir(directory.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.to_string_lossy();
            let is_flow = name.ends_with(".yaml") && !name.ends_with(".test.yaml");
            if is_flow && !path.ends_with("shout.yaml") {
                flows.push(path);
            }
        }
    }
    assert!(flows.len() >= 3, "{flows:?}");
    let flows: Vec<_> = flows.iter().map(|path| path.as_path()).collect();
    let mut command = compysition(["check"]);
    // Their secrets.
    command
        .env("DB", "sqlite:credit.db")
        .env("SMTP_PASSWORD", "x");
    let output = command.args(flows).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(
        !errors(&output).contains("warning: "),
        "{}",
        errors(&output)
    );
}

#[test]
fn an_actor_of_ones_own_is_unknown_to_the_program_of_everybody() {
    let output = check(&[&examples().join("own_program/shout.yaml")]);
    assert_eq!(output.status.code(), Some(1));
    let errors = errors(&output);
    assert!(errors.contains("unknown kind of actor `upper`"), "{errors}");
    assert!(errors.contains("shout.yaml:5:12"), "{errors}");
    assert!(
        errors.contains("shout: { upper: { mark: \"!\" } }"),
        "{errors}"
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    const WRONG: &str = "\
name: wrong
actors:
  http:  { http_server: { adress: 127.0.0.1:0 } }
  price: { xslt: { stylesheet: missing.xsl } }
  ask:   { http_client: { url: '{{ nonsense( }}' } }
  auth:  { basic_auht: {} }
connect:
  - http -> price -> replay
";
    let files = Files::new();
    let file = files.write("wrong.yaml", WRONG);
    let output = check(&[&file]);
    assert_eq!(output.status.code(), Some(1));
    let errors = errors(&output);
    for (line, part) in [
        (3, "`adress`"),
        (4, "missing.xsl"),
        (5, "nonsense"),
        (6, "did you mean `basic_auth`?"),
        (8, "`replay`"),
    ] {
        assert!(
            errors.contains(&format!("wrong.yaml:{line}:")),
            "{line}: {errors}"
        );
        assert!(errors.contains(part), "{part}: {errors}");
    }
}

#[test]
fn a_method_that_nobody_knows_is_warned_of() {
    let files = Files::new();
    files.write(
        "shop.yaml",
        "name: shop\nactors:\n  http:\n    http_server:\n      routes:\n        read: GTE /orders\n        \
         write: { method: [POST, PUTT], path: /orders }\n        scan: REPORT /orders\n        own: BREW /coffee\n  \
         in: { set: { payload: a } }\nconnect:\n  - http.read, http.write, http.scan, http.own -> in -> reply\n",
    );
    let mut command = compysition(["check", "shop.yaml"]);
    let output = command.current_dir(files.path()).output().unwrap();
    let told = errors(&output);
    assert!(output.status.success(), "{told}");
    for part in [
        "warning: route `read` takes requests with the method `GTE`, which HTTP does not know\n --> shop.yaml:3:3",
        "= help: did you mean `GET`?",
        "warning: route `write` takes requests with the method `PUTT`",
        "= help: did you mean `PUT`?",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert_eq!(told.matches("with the method").count(), 2, "{told}");
}

#[test]
fn what_is_wrong_in_a_file_that_the_flow_names_is_shown_there() {
    let files = Files::new();
    files.write(
        "bad.xsl",
        "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>\n  <xsl:template match='a['/>\n</xsl:stylesheet>",
    );
    files.write(
        "bad.xsd",
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>\n\n<xs:element name='a' type='nope'/></xs:schema>",
    );
    files.write("bad.json", "{\n  \"a\": [1,}\n");
    files.write(
        "shape.yaml",
        "name: shape\nactors:\n  in: event_generator\n  a: { xslt: { stylesheet: bad.xsl } }\n  b: { xsd: { schema: bad.xsd } }\n  \
         c: { json_schema: { schema: bad.json } }\n  d: { xsd: { schema: gone.xsd } }\n  out: discard\nconnect: [in -> a -> b -> c -> d -> out]\n",
    );
    let mut command = compysition(["check", "shape.yaml"]);
    let output = command.current_dir(files.path()).output().unwrap();
    let told = errors(&output);
    for part in [
        " ::: bad.xsl:2:3\n  |\n2 |   <xsl:template match='a['/>\n  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^\n",
        " ::: bad.xsd:3:1\n",
        " ::: bad.json:2:11\n  |\n2 |   \"a\": [1,}\n  |           ^\n",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert_eq!(told.matches(":::").count(), 3, "{told}");
    let mut command = compysition(["check", "shape.yaml", "--format", "json"]);
    let output = command.current_dir(files.path()).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let note = &told["diagnostics"][0]["notes"][0];
    assert_eq!(
        (&note["path"], &note["line"]),
        (&"bad.xsl".into(), &2.into()),
        "{told}"
    );
}

#[test]
fn a_right_file_does_not_make_up_for_a_wrong_one() {
    let files = Files::new();
    let wrong = files.write("wrong.yaml", "actors: { a: discard }\nconnect: [b -> a]\n");
    let output = check(&[&examples().join("two_outputs/two_outputs.yaml"), &wrong]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("wrong.yaml:2:"),
        "{}",
        errors(&output)
    );
}

#[test]
fn settings_that_were_hardly_meant_are_warned_of() {
    let files = Files::new();
    let file = files.write(
        "doubtful.yaml",
        "
actors:
  http:  { http_server: { address: \"127.0.0.1:0\" } }
  fast:  { event_generator: { interval: 0s } }
  known: { cache: { key: payload, size: 0 } }
  total: { join: { by: source } }
  out:   discard
connect:
  - http -> known -> reply
  - http -> total -> out
  - known.error -> reply
  - fast -> out
",
    );
    let output = check(&[&file]);
    assert!(output.status.success(), "{}", errors(&output));
    let said = errors(&output);
    for (line, warning) in [
        (4, "`interval: 0s` without a `count` makes events for ever"),
        (5, "with `size: 0` nothing is remembered"),
        (
            6,
            "nothing comes together at `total`, which gathers what a source made of one file: `http` makes each event by itself",
        ),
    ] {
        assert!(said.contains(&format!("warning: {warning}")), "{said}");
        assert!(said.contains(&format!("doubtful.yaml:{line}:3")), "{said}");
    }
    assert_eq!(said.matches("warning: ").count(), 3, "{said}");
}
