//! `jq` between recorded ports.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use common::{Files, build, run};
use compysition_core::{ErrorKind, Event};
use compysition_json::{Jq, Outputs};
use serde_json::{Value, json};

#[test]
fn programs_reshape() {
    let payload = json!({"id": 7, "lines": [{"sku": "a", "n": 2}, {"sku": "b", "n": 1.5}]});
    for (program, made) in [
        (".id", json!(7)),
        (
            "{id, total: [.lines[].n] | add}",
            json!({"id": 7, "total": 3.5}),
        ),
        (".lines | map(select(.n > 1.9).sku)", json!(["a"])),
        ("$attributes.user + \"-\" + $service", json!("ann-default")),
        (".lines |= group_by(.sku) | .lines | length", json!(2)),
        (
            "[.id, -1, 1e3, 9007199254740993, 12345678901234567890, 1.25, null, true]",
            json!([
                7,
                -1,
                1e3,
                9_007_199_254_740_993_i64,
                12_345_678_901_234_567_890_u64,
                1.25,
                null,
                true
            ]),
        ),
        ("[nan, infinite]", json!([null, f64::MAX])),
        ("\"a,b\" | split(\",\")", json!(["a", "b"])),
        ("\"x1\" | test(\"[0-9]\")", json!(true)),
        ("\"é\" | @base64", json!("w6k=")),
        ("0 | todate", json!("1970-01-01T00:00:00Z")),
        ("def twice: . * 2; .id | twice", json!(14)),
        (".none?", json!(null)),
    ] {
        let event = Event::new(payload.clone()).with_attribute("user", "ann");
        let event = run(build("jq", json!(program)).unwrap(), event).unwrap();
        let found = event.json().unwrap();
        assert!(
            *found == made
                || found.to_string().parse::<f64>().ok()
                    == made.as_f64().filter(|_| found.is_number()),
            "{program}: {found}"
        );
        assert_eq!(event.attribute("user").as_deref(), Some(&json!("ann")));
    }
    assert_eq!(
        *run(Jq::new("keys").unwrap(), "{\"b\":1,\"a\":2}")
            .unwrap()
            .json()
            .unwrap(),
        json!(["a", "b"])
    );
}

#[test]
fn objects_keep_their_order() {
    let event = run(Jq::new(".c = 1").unwrap(), "{\"b\":1,\"a\":2}").unwrap();
    assert_eq!(event.text().unwrap(), r#"{"b":1,"a":2,"c":1}"#);
}

#[test]
fn a_program_gives_one_value_or_a_list() {
    let each = || Jq::new(".[]").unwrap();
    let error = run(each(), json!([1, 2])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unprocessable);
    assert!(
        error
            .message()
            .starts_with("the program gave 2 values instead of one"),
        "{error}"
    );
    assert!(run(each(), json!([])).is_err());
    assert_eq!(*run(each(), json!([1])).unwrap().json().unwrap(), json!(1));
    let list = each().outputs(Outputs::List);
    assert_eq!(
        *run(list, json!([1, 2])).unwrap().json().unwrap(),
        json!([1, 2])
    );
    let large: Value = (0..30_000).collect();
    let list = build("jq", json!({"program": ".[]", "outputs": "list"})).unwrap();
    assert_eq!(*run(list, large.clone()).unwrap().json().unwrap(), large);
}

#[test]
fn a_program_that_fails_on_an_event_is_unprocessable() {
    for (program, message) in [
        (".a", "jq: cannot index 1 with \"a\""),
        ("error(\"no order\")", "jq: no order"),
        ("tonumber + \"x\"", "jq: "),
        ("halt", "jq: the program halted"),
        ("\"a\", halt_error", "jq: the program halted"),
    ] {
        let error = run(Jq::new(program).unwrap(), json!(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unprocessable);
        assert!(error.message().starts_with(message), "{error}");
    }
    assert_eq!(
        run(Jq::new(".").unwrap(), "{").unwrap_err().kind(),
        ErrorKind::Malformed
    );
}

#[test]
fn mistakes_in_a_program_stop_the_start() {
    let files = Files::new("programs", &[("right.jq", ".a"), ("wrong.jq", ".a |")]);
    for (settings, expected) in [
        (
            json!("nope"),
            "line 1, column 1: the filter `nope` is unknown",
        ),
        (
            json!(".a |\n $b"),
            "line 2, column 2: the variable `$b` is unknown",
        ),
        (json!(".a |"), "expected term, but found the end"),
        (
            json!("[1"),
            "line 1, column 3: expected closing bracket, but found the end",
        ),
        (json!("include \"x\"; ."), "the module `x` cannot be loaded"),
        (json!({}), "give either `program` or `file`"),
        (json!({"file": "wrong.jq"}), "expected term"),
        (json!({"file": "none.jq"}), "none.jq` cannot be read"),
        (
            json!({"program": ".", "output": "x"}),
            "unknown field `output`",
        ),
        (json!(1), "expected a program, or a map of settings"),
    ] {
        let error = files.build("jq", settings.clone()).map(drop).unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
    assert!(files.build("jq", json!({"file": "right.jq"})).is_ok());
}
