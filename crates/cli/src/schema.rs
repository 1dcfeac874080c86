//! The command `schema`: the JSON Schema of a whole flow file, from the table of actors.
//!
//! It is of draft 7, the last that the language servers of editors know well. What no schema can tell, such as
//! that an expression compiles, is left to `check`; what a schema refuses is wrong.

mod draft;
mod probe;

use std::process::ExitCode;

use compysition_core::{BestEffort, Breaker, Kind, Retry, Supervision};
use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value, json};

use crate::{Program, output};

/// All that is the same for any table of actors.
const FRAME: &str = include_str!("schema/frame.json");

/// Prints the schema.
pub(crate) fn schema(program: &Program) -> ExitCode {
    match program.schema() {
        Some(schema) => {
            output::say(format_args!("{schema:#}\n"));
            ExitCode::SUCCESS
        }
        None => {
            output::complain("error: the schema of flow files cannot be read\n");
            ExitCode::FAILURE
        }
    }
}

/// Makes the schema; none if the frame is no JSON, which a test sees to.
pub(crate) fn of(program: &Program) -> Option<Value> {
    let mut root: Value = serde_json::from_str(FRAME).ok()?;
    let mut options = root.as_object_mut()?.remove("options")?;
    let old = root.as_object_mut()?.remove("old_settings")?;
    let mut definitions = Map::new();
    add::<Retry>("retry", &mut definitions);
    add::<Breaker>("breaker", &mut definitions);
    add::<Supervision>("supervision", &mut definitions);
    add::<BestEffort>("best_effort", &mut definitions);
    // Named without settings it has its defaults.
    for name in ["retry", "breaker", "supervision", "best_effort"] {
        allow_nothing(&mut definitions[name]);
    }
    for part in [&mut options, &mut root] {
        draft::allow_references(part);
    }
    let mut names: Vec<&str> = Vec::new();
    let mut bare: Vec<&str> = Vec::new();
    let mut kinds = Map::new();
    for kind in program.registry.kinds() {
        let name = definition(kind.name());
        let has_defaults = kind.schema().get("required").is_none();
        let mut settings = settings(kind);
        let summary = kind.summary();
        if has_defaults {
            allow_nothing(&mut settings);
            bare.push(kind.name());
        }
        let settings = draft::add(&name, settings, &mut definitions);
        kinds.insert(kind.name().into(), refer(&settings, &summary));
        names.push(kind.name());
    }
    for (alias, name) in program.registry.aliases() {
        let text = format!("An old name of `{name}`.");
        let mut kind = refer(&format!("#/definitions/{}", definition(name)), &text);
        kind["deprecated"] = true.into();
        kind["deprecationMessage"] = text.into();
        kinds.insert(alias.into(), kind);
        names.push(alias);
        if bare.contains(&name) {
            bare.push(alias);
        }
    }
    for (name, settings) in old.as_object()? {
        let fields = definitions.get_mut(name).map(|own| &mut own["properties"]);
        if let Some(Value::Object(fields)) = fields {
            let settings = settings.as_array().into_iter().flatten();
            fields.extend(settings.filter_map(|name| Some((name.as_str()?.into(), old_setting()))));
        }
    }
    kinds.insert("flow".into(), json!({ "$ref": "#/definitions/flow" }));
    names.push("flow");
    definitions.insert("actor".into(), actor(&options, &kinds, &names, &bare));
    definitions.insert("defaults".into(), defaults(&options, kinds));
    let own = root["definitions"].as_object_mut()?;
    own.extend(definitions);
    Some(root)
}

/// Returns the name of the settings of a kind among the definitions.
fn definition(kind: &str) -> String {
    format!("kind.{kind}")
}

fn refer(to: &str, text: &str) -> Value {
    json!({ "allOf": [{ "$ref": to }], "description": text })
}

fn add<T: JsonSchema>(name: &str, definitions: &mut Map<String, Value>) {
    draft::add(name, schema_for!(T).to_value(), definitions);
}

/// Returns the schema of the settings of a kind, with their old names, which only reading them tells.
fn settings(kind: &Kind) -> Value {
    let mut schema = kind.schema().to_value();
    let fields = schema.get_mut("properties");
    let Some(fields) = fields.and_then(Value::as_object_mut) else {
        return schema;
    };
    let new = fields.len();
    for name in probe::fields(kind) {
        fields.entry(name).or_insert_with(old_setting);
    }
    if fields.len() > new
        && let Some(schema) = schema.as_object_mut()
    {
        // What must be given may be given by its old name.
        schema.remove("required");
    }
    if schema["type"].is_string() && probe::takes_text(kind) {
        draft::allow(&mut schema, "string");
    }
    schema
}

fn old_setting() -> Value {
    json!({ "description": "An old name of a setting.", "deprecated": true })
}

fn allow_nothing(schema: &mut Value) {
    if schema["type"].is_string() || schema["type"].is_array() {
        draft::allow(schema, "null");
    }
}

/// Returns the schema of an actor: a kind by its name, or one kind with its settings and other keys.
fn actor(options: &Value, kinds: &Map<String, Value>, names: &[&str], bare: &[&str]) -> Value {
    let mut keys = options.as_object().cloned().unwrap_or_default();
    keys.extend(kinds.clone());
    let one = |name: &&str| json!({ "required": [name] });
    let mut forms = vec![
        json!({ "type": "string", "enum": bare }),
        json!({
            "type": "object",
            "additionalProperties": false,
            "properties": keys,
            "oneOf": names.iter().map(one).collect::<Vec<_>>(),
        }),
        json!({ "$ref": "#/definitions/reference" }),
    ];
    if bare.contains(&"null") {
        // YAML reads this name as nothing.
        forms.push(json!({ "type": "null" }));
    }
    json!({ "anyOf": forms })
}

/// Returns the schema of `defaults`, where no setting must be given.
fn defaults(options: &Value, kinds: Map<String, Value>) -> Value {
    let mut keys = options.as_object().cloned().unwrap_or_default();
    let loose = |(name, kind): (String, Value)| {
        let text = kind["description"].as_str().unwrap_or_default();
        (
            name,
            json!({ "type": ["object", "null"], "description": text }),
        )
    };
    let kinds = kinds.into_iter().filter(|(name, _)| name != "flow");
    keys.extend(kinds.map(loose));
    json!({
        "description": "What holds for all actors, and by kind for those that do not say it.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": keys,
    })
}
