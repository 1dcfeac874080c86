//! `json_schema` and `jq` between recorded ports.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::path::PathBuf;

use compysition_core::testing::Harness;
use compysition_core::{
    Built, Error, ErrorKind, Event, IntoActor, Payload, Registry, Surroundings, Xml,
};
use compysition_json::{Draft, Jq, JsonSchema, Outputs, Schema};
use serde_json::{Value, json};

fn build(kind: &str, settings: Value) -> Result<Built, String> {
    let mut registry = Registry::new();
    compysition_json::register(&mut registry);
    let kind = registry.get(kind).unwrap();
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    kind.build(&mut settings).map_err(|error| error.to_string())
}

fn run<Form>(actor: impl IntoActor<Form>, event: impl Into<Event>) -> Result<Event, Error> {
    let mut harness = Harness::new(actor);
    harness.send(event);
    let (mut sent, errors) = (harness.take(), harness.errors());
    assert_eq!(sent.len() + errors.len(), 1);
    let failed = |errors: &[Event]| errors[0].error().unwrap().error.clone();
    sent.pop().ok_or_else(|| failed(&errors))
}

fn checked(schema: Value, payload: impl Into<Event>) -> Result<Event, Error> {
    run(
        build("json_schema", json!({"inline": schema})).unwrap(),
        payload,
    )
}

/// A directory with files; removed at the end.
struct Files(PathBuf);

impl Files {
    fn new(name: &str, files: &[(&str, &str)]) -> Files {
        let directory =
            std::env::temp_dir().join(format!("compysition {name}-{}", std::process::id()));
        for (file, text) in files {
            let path = directory.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Files(directory)
    }

    fn build(&self, kind: &str, settings: Value) -> Result<Built, String> {
        let surroundings = Surroundings {
            base: self.0.clone(),
            ..Surroundings::default()
        };
        surroundings.enter(|| build(kind, settings))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn order() -> Value {
    json!({
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "lines": {"items": {"type": "string"}}},
    })
}

#[test]
fn what_is_right_goes_on() {
    let event = Event::new(json!({"id": 1})).with_attribute("kept", 1);
    let event = checked(order(), event).unwrap();
    assert_eq!(event.attribute("kept").as_deref(), Some(&json!(1)));
    for payload in [Payload::from("{\"id\": 1}"), b"{\"id\": 1}".to_vec().into()] {
        let event = checked(order(), payload).unwrap();
        assert_eq!(
            (event.payload().kind(), event.text().unwrap()),
            ("json", "{\"id\": 1}")
        );
    }
    let large = json!({"id": 1, "lines": vec!["a line"; 20_000]});
    assert!(checked(order(), large).is_ok());
    let actor = JsonSchema::new(Schema::new(&order()).unwrap());
    assert!(run(actor, json!({"id": 2})).is_ok());
}

#[test]
fn all_faults_are_told_with_their_paths() {
    let error = checked(order(), json!({"id": "x", "lines": ["a", 1, null]})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(
        error.message(),
        "at /id: \"x\" is not of type \"integer\" (and 2 more)"
    );
    let violations = json!([
        {"path": "/id", "message": "\"x\" is not of type \"integer\""},
        {"path": "/lines/1", "message": "1 is not of type \"string\""},
        {"path": "/lines/2", "message": "null is not of type \"string\""},
    ]);
    assert_eq!(error.detail("violations"), Some(&violations));
    let error = checked(order(), json!({})).unwrap_err();
    assert_eq!(
        error.message(),
        "at the value: \"id\" is a required property"
    );
    // A value as large as the payload does not come back in the message.
    let error = checked(order(), json!({"id": "x".repeat(10_000)})).unwrap_err();
    assert_eq!(error.message(), "at /id: value is not of type \"integer\"");
    let many = json!({"id": 1, "lines": vec![1; 1000]});
    let error = checked(order(), many).unwrap_err();
    assert_eq!(
        error
            .detail("violations")
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        64
    );
}

#[test]
fn what_is_no_json_is_malformed() {
    for (payload, message) in [
        (Payload::from("{"), "invalid JSON"),
        (vec![0xff].into(), "not UTF-8"),
        (Xml::from_text("<a/>").into(), "xml_to_json"),
        (Payload::Empty, "null is not of type"),
    ] {
        let error = checked(order(), payload).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn drafts_differ() {
    // `exclusiveMinimum` is a truth value in draft 4, and a number since draft 6.
    let schema =
        |draft: &str| json!({"draft": draft, "inline": {"minimum": 5, "exclusiveMinimum": true}});
    let actor = build("json_validator", schema("4")).unwrap();
    assert!(run(actor, json!(5)).is_err());
    for draft in ["6", "7", "2019-09", "2020-12"] {
        let error = build("json_schema", schema(draft)).map(drop).unwrap_err();
        assert!(error.contains("at /exclusiveMinimum"), "{draft}: {error}");
    }
    // What the schema says of itself holds.
    for (uri, draft) in [
        ("http://json-schema.org/draft-04/schema#", Draft::Draft4),
        ("http://json-schema.org/draft-06/schema#", Draft::Draft6),
        ("http://json-schema.org/draft-07/schema#", Draft::Draft7),
        (
            "https://json-schema.org/draft/2019-09/schema",
            Draft::Draft201909,
        ),
        (
            "https://json-schema.org/draft/2020-12/schema",
            Draft::Draft202012,
        ),
    ] {
        assert_eq!(
            Schema::new(&json!({"$schema": uri})).unwrap().draft(),
            Some(draft)
        );
        let actor = build(
            "json_schema",
            json!({"draft": "4", "inline": {"$schema": uri, "type": "array"}}),
        )
        .unwrap();
        assert!(run(actor, json!({})).is_err());
    }
    assert_eq!(
        Schema::new(&json!({})).unwrap().draft(),
        Some(Draft::Draft202012)
    );
    // `prefixItems` came with the last one.
    let tuple = json!({"prefixItems": [{"type": "string"}]});
    assert!(checked(tuple, json!([1])).is_err());
}

#[test]
fn formats_are_checked_unless_they_are_not_to_be() {
    let schema = json!({"format": "date-time"});
    for draft in ["4", "7", "2019-09", "2020-12"] {
        for (formats, right) in [(true, false), (false, true)] {
            let settings = json!({"inline": schema, "draft": draft, "formats": formats});
            let actor = build("json_schema", settings).unwrap();
            assert_eq!(run(actor, json!("yesterday")).is_ok(), right, "{draft}");
        }
    }
    assert!(checked(schema, json!("2026-01-31T12:00:00Z")).is_ok());
}

#[test]
fn schemas_of_several_files_are_read() {
    let files = Files::new(
        "schemas",
        &[
            (
                "order.json",
                r#"{"properties": {"item": {"$ref": "parts/item.json#/$defs/item"}}}"#,
            ),
            (
                "parts/item.json",
                r#"{"$defs": {"item": {"type": "string"}}}"#,
            ),
            ("parts/up.json", r#"{"$ref": "../order.json"}"#),
            ("far.json", r#"{"$ref": "http://127.0.0.1:1/x.json"}"#),
            ("missing.json", r#"{"$ref": "none.json"}"#),
            ("torn.json", "{\n\"type\":}"),
            ("bad.json", r#"{"properties": {"a": {"type": "nope"}}}"#),
            ("pattern.json", r#"{"pattern": "("}"#),
        ],
    );
    let actor = files
        .build("json_schema", json!({"schema": "order.json"}))
        .unwrap();
    assert!(run(actor, json!({"item": "x"})).is_ok());
    let actor = files
        .build("json_schema", json!({"schema": "order.json"}))
        .unwrap();
    assert!(run(actor, json!({"item": 1})).is_err());
    let up = json!({"schema": "parts/up.json", "allow": ["."]});
    assert!(files.build("json_schema", up).is_ok());
    for (file, expected) in [
        ("parts/up.json", "outside the allowed directories"),
        ("far.json", "only files are read"),
        ("missing.json", "none.json"),
        (
            "torn.json",
            "torn.json, line 2, column 8: the schema is no JSON",
        ),
        ("bad.json", "bad.json, at /properties/a/type: "),
        ("pattern.json", "pattern.json, at /pattern: "),
        ("nowhere.json", "nowhere.json` cannot be read"),
    ] {
        let error = files
            .build("json_schema", json!({"schema": file}))
            .map(drop)
            .unwrap_err();
        assert!(error.contains(expected), "{file}: {error}");
    }
}

#[test]
fn mistakes_in_a_schema_stop_the_start() {
    for (settings, expected) in [
        (json!({}), "give either `schema`"),
        (json!({"inline": {}, "schema": "x"}), "give either `schema`"),
        (
            json!({"inline": {"type": "nope"}}),
            "the schema, at /type: ",
        ),
        (json!({"inline": "{"}), "the schema is no JSON"),
        (json!({"inline": 1}), "the schema, at its top: "),
        (json!({"inline": {}, "draft": "5"}), "unknown variant `5`"),
        (json!({"inline": {}, "shema": "x"}), "unknown field `shema`"),
    ] {
        let error = build("json_schema", settings.clone())
            .map(drop)
            .unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
    assert!(build("json_schema", json!({"inline": "{\"type\": \"string\"}"})).is_ok());
}

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
