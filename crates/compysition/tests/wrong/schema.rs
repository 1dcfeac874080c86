//! The JSON Schema of flow files: right for all that is right, and strict where it can be.

use jsonschema::Validator;
use serde_json::Value;

use crate::table::cases;
use crate::{flows, loader};

fn schema() -> Value {
    let program = compysition::cli::Program::new(compysition::registry());
    program.schema().unwrap()
}

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).unwrap()
}

/// Reads YAML as an editor does.
fn documents(text: &str) -> Vec<Value> {
    compysition::flow::testing::values(text).unwrap_or_default()
}

#[test]
fn it_is_a_schema_itself() {
    assert!(jsonschema::meta::is_valid(&schema()));
    assert_eq!(
        schema()["$schema"],
        "http://json-schema.org/draft-07/schema#"
    );
}

#[test]
fn every_flow_of_ours_is_right() {
    let validator = validator();
    let mut wrong = Vec::new();
    for (path, text) in flows() {
        // It has an actor of its own; and tests of flows are no flows.
        let is_test = path.to_string_lossy().ends_with(".test.yaml");
        if is_test || path.ends_with("own_program/shout.yaml") {
            continue;
        }
        for document in documents(&text) {
            wrong.extend(
                validator.iter_errors(&document).map(|error| {
                    format!("{}: {error} at {}", path.display(), error.instance_path())
                }),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_wrong_by_its_form_is_refused() {
    let validator = validator();
    let all = cases();
    for title in BY_FORM {
        let case = all.iter().find(|case| case.title == *title).unwrap();
        let documents = documents(&case.text);
        assert!(!documents.is_empty(), "{title}");
        assert!(
            !documents.iter().all(|one| validator.is_valid(one)),
            "{title}"
        );
    }
}

/// The cases of the table that a schema can know.
const BY_FORM: &[&str] = &[
    "no map",
    "a misspelt key of the flow",
    "another misspelt key",
    "actors as a list",
    "a name that is a list",
    "an unknown limit",
    "a limit of nothing",
    "too many hops",
    "supervision with an unknown choice",
    "a misspelt kind",
    "an unknown kind",
    "two kinds",
    "no kind",
    "an actor that is a list",
    "a setting beside its kind",
    "a misspelt key beside the kind",
    "an actor named reply",
    "a misspelt setting",
    "a setting that is not there",
    "two misspelt settings",
    "a missing setting",
    "a text for a number",
    "a negative number",
    "yes for true",
    "a number for a text",
    "a time without a unit that is known",
    "an unknown choice",
    "a list for a map",
    "a pool of less than nothing",
    "a pool of nothing",
    "a retry of an unknown error",
    "an unknown kind in the defaults",
    "a line that links nothing",
    "a line that is a number",
];

#[test]
fn what_the_schema_refuses_is_wrong() {
    let validator = validator();
    for case in cases() {
        let refused = documents(&case.text)
            .iter()
            .any(|one| !validator.is_valid(one));
        if refused {
            assert!(
                loader().load_text("flow.yaml", &case.text).is_err(),
                "{}",
                case.title
            );
        }
    }
}

#[test]
fn the_keys_of_the_schema_are_those_of_flow_files() {
    let wrong = loader().load_text("flow.yaml", "zzzzzzzzzzzzzzz: 1\nactors: { a: discard }\n");
    let wrong = wrong.unwrap_err();
    let help = wrong.iter().find_map(|one| one.help()).unwrap();
    let keys = help.strip_prefix("there are ").unwrap().split(", ");
    for key in keys {
        assert!(schema()["properties"][key].is_object(), "{key}");
    }
}

#[test]
fn kinds_are_explained_and_old_names_marked() {
    let schema = schema();
    let kinds = &schema["definitions"]["actor"]["anyOf"][1]["properties"];
    let server = kinds["http_server"]["description"].as_str().unwrap();
    assert!(server.len() > 20, "{server}");
    assert_eq!(kinds["null"]["deprecated"], true);
    let settings = &schema["definitions"]["kind.http_server"]["properties"];
    assert!(settings["address"]["description"].is_string(), "{settings}");
}
