//! Schemas as `schemars` writes them, of draft 2020-12, as parts of one of draft 7.

use serde_json::{Map, Value, json};

/// Adds a schema under a name, what it defines itself beside it; returns the reference to it.
pub(crate) fn add(name: &str, mut schema: Value, definitions: &mut Map<String, Value>) -> String {
    let parts = schema["$defs"].clone();
    allow_names(&mut schema, &parts);
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("$schema");
        fields.remove("title");
        if let Some(Value::Object(own)) = fields.remove("$defs") {
            for (part, mut own) in own {
                rewrite(&mut own, name);
                allow_references(&mut own);
                definitions.insert(format!("{name}.{part}"), own);
            }
        }
    }
    rewrite(&mut schema, name);
    allow_references(&mut schema);
    definitions.insert(name.to_owned(), schema);
    format!("#/definitions/{name}")
}

/// Lets a choice whose settings all have defaults be its name alone, and the name of one be a number.
fn allow_names(schema: &mut Value, parts: &Value) {
    match schema {
        Value::Array(inner) => inner.iter_mut().for_each(|one| allow_names(one, parts)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|one| allow_names(one, parts));
            if let Some(Value::Array(forms)) = fields.get_mut("oneOf") {
                let names: Vec<Value> = forms.iter().filter_map(|form| name(form, parts)).collect();
                forms.extend(names);
            }
        }
        _ => {}
    }
}

fn name(form: &Value, parts: &Value) -> Option<Value> {
    if let Some(number) = form["const"]
        .as_str()
        .and_then(|text| text.parse::<i64>().ok())
    {
        return Some(json!({ "const": number, "description": form["description"] }));
    }
    let (name, own) = crate::manual::form(form)?;
    let part = own["$ref"]
        .as_str()
        .and_then(|to| to.strip_prefix("#/$defs/"));
    let own = part.map_or(own, |part| &parts[part]);
    let has_defaults = own["properties"].is_object() && own["required"].is_null();
    has_defaults.then(|| json!({ "const": name, "description": form["description"] }))
}

/// Points references to where the definitions are now; beside a reference draft 7 sees nothing else.
fn rewrite(schema: &mut Value, name: &str) {
    match schema {
        Value::Array(parts) => parts.iter_mut().for_each(|part| rewrite(part, name)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|part| rewrite(part, name));
            let target = fields.get("$ref").and_then(Value::as_str);
            let Some(target) = target.map(str::to_owned) else {
                return;
            };
            let target = match target.strip_prefix("#/$defs/") {
                Some(part) => format!("#/definitions/{name}.{part}"),
                None => format!("#/definitions/{name}"),
            };
            fields.remove("$ref");
            if fields.is_empty() {
                fields.insert("$ref".into(), target.into());
            } else {
                fields.insert("allOf".into(), json!([{ "$ref": target }]));
            }
        }
        _ => {}
    }
}

/// Lets a type be one more.
pub(crate) fn allow(schema: &mut Value, more: &str) {
    let mut types = match schema["type"].take() {
        Value::Array(types) => types,
        one => vec![one],
    };
    if !types.iter().any(|own| own == more) {
        types.push(more.into());
    }
    schema["type"] = types.into();
}

/// Lets a `${…}` stand where a number, a truth value, a name, a list or a map is asked for.
pub(crate) fn allow_references(schema: &mut Value) {
    for key in ["properties", "definitions"] {
        if let Some(Value::Object(parts)) = schema.get_mut(key) {
            parts
                .values_mut()
                .for_each(|part| value(part, key == "properties"));
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(part @ Value::Object(_)) = schema.get_mut(key) {
            value(part, true);
        }
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(parts)) = schema.get_mut(key) {
            parts.iter_mut().for_each(allow_references);
        }
    }
}

fn value(schema: &mut Value, is_value: bool) {
    allow_references(schema);
    if !is_value
        || schema
            .get("$ref")
            .is_some_and(|to| to == "#/definitions/reference")
    {
        return;
    }
    let is_text = |types: &Value| match types {
        Value::Array(types) => types.iter().any(|own| own == "string"),
        one => one == "string",
    };
    let types = &schema["type"];
    let narrow = ["enum", "const", "pattern"]
        .iter()
        .any(|key| schema.get(key).is_some());
    let choice = ["oneOf", "anyOf", "allOf", "$ref"]
        .iter()
        .any(|key| schema.get(key).is_some());
    if choice || narrow {
        let text = schema["description"].clone();
        let default = schema.get("default").cloned();
        let whole = schema.take();
        *schema = json!({ "anyOf": [whole, { "$ref": "#/definitions/reference" }] });
        if text.is_string() {
            schema["description"] = text;
        }
        if let Some(default) = default {
            schema["default"] = default;
        }
    } else if !types.is_null() && !is_text(types) {
        allow(schema, "string");
        schema["pattern"] = "\\$\\{".into();
    }
}
