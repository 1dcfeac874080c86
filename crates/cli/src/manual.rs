//! The manual of a kind of actor, from the schema of its settings.

use compysition_core::{Kind, Registry};
use serde_json::{Map, Value};

/// Writes the manual.
pub(crate) fn of(kind: &Kind, registry: &Registry) -> String {
    let schema = kind.schema();
    let root = schema.as_value();
    let name = kind.name();
    let mut text = format!("{name}\n\n");
    if let Some(manual) = root["description"].as_str() {
        text += &format!("{}\n\n", indent(manual, "  "));
    }
    let aliases: Vec<&str> = registry
        .aliases()
        .filter(|(_, own)| *own == name)
        .map(|(alias, _)| alias)
        .collect();
    if !aliases.is_empty() {
        text += &format!("  Also named: {}\n\n", aliases.join(", "));
    }
    let mut settings = String::new();
    write_settings(root, root, "  ", &mut settings);
    match settings.is_empty() {
        true => text += "There are no settings.\n",
        false => text += &format!("Settings\n\n{settings}"),
    }
    text
}

fn write_settings(schema: &Value, root: &Value, margin: &str, text: &mut String) {
    let required = |name: &str| {
        let names = schema["required"].as_array();
        names.is_some_and(|names| names.iter().any(|own| own == name))
    };
    let none = Map::new();
    for (name, field) in schema["properties"].as_object().unwrap_or(&none) {
        let resolved = resolve(field, root);
        let remark = match &field["default"] {
            _ if required(name) => "; must be given".to_owned(),
            Value::Null | Value::Object(_) => String::new(),
            default => format!("; default: {default}"),
        };
        *text += &format!("{margin}{name}: {}{remark}\n", type_of(field, root));
        let description = field["description"]
            .as_str()
            .or(resolved["description"].as_str());
        if let Some(description) = description {
            *text += &format!("{}\n", indent(description, &format!("{margin}    ")));
        }
        *text += "\n";
        // Settings within settings, but not without end.
        if resolved["properties"].is_object() && margin.len() < 12 {
            write_settings(resolved, root, &format!("{margin}    "), text);
        }
    }
}

/// Follows references into the definitions, and options to what they hold.
fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..8 {
        let choices = schema["anyOf"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let only = match choices {
            [only, null] | [null, only] if null["type"] == "null" => Some(only),
            _ => None,
        };
        let target = schema["$ref"]
            .as_str()
            .and_then(|path| root.pointer(path.strip_prefix('#')?));
        schema = match target.or(only) {
            Some(next) => next,
            None => break,
        };
    }
    schema
}

fn type_of(schema: &Value, root: &Value) -> String {
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
        (Some("string"), Some(format @ ("template" | "expression" | "path" | "duration"))) => {
            format.to_owned()
        }
        (Some("string"), _) => "text".into(),
        (Some("boolean"), _) => "true | false".into(),
        (Some("integer"), _) => "whole number".into(),
        (Some("number"), _) => "number".into(),
        (Some("array"), _) => format!("list of {}", type_of(&schema["items"], root)),
        (Some("null"), _) => "nothing".into(),
        (Some("object"), _) => match schema["properties"].as_object() {
            Some(fields) if fields.len() == 1 && schema["required"].is_array() => {
                let name = fields.keys().next().map_or("", String::as_str);
                format!("{{ {name}: … }}")
            }
            _ => "map".into(),
        },
        _ => "any value".into(),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn indent(text: &str, margin: &str) -> String {
    let lines = text
        .lines()
        .map(|line| format!("{margin}{line}").trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}
