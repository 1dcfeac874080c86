//! What a setting may be, in words, from its schema.

use serde_json::Value;

use crate::manual::setting::{form, resolve};

/// Returns the type of a setting as the manual names it.
pub(crate) fn type_of(schema: &Value, root: &Value) -> String {
    let schema = resolve(schema, root);
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<String> = names
            .iter()
            .filter(|name| !name.is_null())
            .map(plain)
            .collect();
        return names.join(" | ");
    }
    if let Some(value) = schema.get("const") {
        return plain(value);
    }
    for choices in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choices].as_array() {
            let names = choices.iter().map(|choice| type_of(choice, root));
            let mut names: Vec<String> = names.filter(|name| name != "nothing").collect();
            names.dedup();
            return names.join(" | ");
        }
    }
    let types = match &schema["type"] {
        Value::Array(types) => types
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null"),
        other => other.as_str(),
    };
    let format = schema["format"].as_str();
    match (types, format) {
        (_, Some(format @ ("time span" | "byte size" | "rate"))) => format.to_owned(),
        (_, Some("value template")) => "any value, its texts are templates".into(),
        (Some("string"), Some(format @ ("template" | "expression" | "path"))) => format.to_owned(),
        (Some("string"), _) => "text".into(),
        (Some("boolean"), _) => "true | false".into(),
        (Some("integer"), _) => "whole number".into(),
        (Some("number"), _) => "number".into(),
        (Some("array"), _) => format!("list of {}", type_of(&schema["items"], root)),
        (Some("null"), _) => "nothing".into(),
        (Some("object"), _) => match form(schema) {
            // A form whose settings all have defaults may be its name alone.
            Some((name, own)) if is_optional(resolve(own, root)) => name.to_owned(),
            Some((name, _)) => format!("{{ {name}: … }}"),
            None => match schema.get("additionalProperties") {
                Some(values) if values.is_object() => format!("map of {}", type_of(values, root)),
                _ => "map".into(),
            },
        },
        _ => "any value".into(),
    }
}

fn is_optional(schema: &Value) -> bool {
    schema["properties"].is_object() && schema["required"].is_null()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
