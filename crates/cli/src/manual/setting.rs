//! The settings of a kind of actor, from the schema that its struct has.

use serde_json::{Map, Value};

use crate::manual::types::type_of;

/// A setting, with all that a manual says about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The name.
    pub name: String,
    /// What it may be, in words.
    pub kind: String,
    /// Whether it must be given.
    pub is_required: bool,
    /// What it is if it is left out, as YAML.
    pub default: Option<String>,
    /// What it means.
    pub text: String,
    /// The names that it offers.
    pub choices: Vec<Choice>,
    /// The settings that it is made of, or that each of its values is made of.
    pub settings: Vec<Setting>,
}

/// A name that a setting offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The name.
    pub name: String,
    /// What it means.
    pub text: String,
    /// The settings that it has.
    pub settings: Vec<Setting>,
}

/// How deep settings within settings are told: a schema may refer to itself.
const DEPTH: usize = 4;

/// Reads all settings of a kind.
pub(crate) fn settings(root: &Value) -> Vec<Setting> {
    below(root, root, DEPTH)
}

fn below(schema: &Value, root: &Value, depth: usize) -> Vec<Setting> {
    let Some(depth) = depth.checked_sub(1) else {
        return Vec::new();
    };
    let none = Map::new();
    let fields = schema["properties"].as_object().unwrap_or(&none);
    let fields = fields
        .iter()
        .filter(|(_, field)| field["deprecated"] != true);
    let setting = |(name, field): (&String, &Value)| {
        let resolved = resolve(field, root);
        let is_required = is_required(schema, name);
        let description = [field, resolved].map(|from| from["description"].as_str());
        Setting {
            name: name.clone(),
            kind: type_of(field, root),
            is_required,
            default: (!is_required).then(|| default(field)).flatten(),
            text: description
                .into_iter()
                .flatten()
                .next()
                .unwrap_or_default()
                .into(),
            choices: choices(resolved, root, depth),
            settings: inner(resolved, root).map_or_else(Vec::new, |own| below(own, root, depth)),
        }
    };
    fields.map(setting).collect()
}

fn is_required(schema: &Value, name: &str) -> bool {
    let names = schema["required"].as_array();
    names.is_some_and(|names| names.iter().any(|own| own == name))
}

fn default(field: &Value) -> Option<String> {
    match &field["default"] {
        Value::Null | Value::Object(_) => None,
        Value::String(text) if is_plain(text) => Some(text.clone()),
        default => Some(default.to_string()),
    }
}

/// Returns whether a text needs no quotes in YAML.
fn is_plain(text: &str) -> bool {
    let harmless = |letter: char| letter.is_alphanumeric() || "_-./ ".contains(letter);
    let is_other = ["true", "false", "null"].contains(&text) || text.parse::<f64>().is_ok();
    !is_other && text.starts_with(char::is_alphanumeric) && text.chars().all(harmless)
}

/// Returns the names that a setting offers: those that stand alone, and those that have settings of their own.
fn choices(schema: &Value, root: &Value, depth: usize) -> Vec<Choice> {
    let offered = schema["oneOf"].as_array().into_iter().flatten();
    let choice = |offered: &Value| {
        let text = offered["description"].as_str()?.to_owned();
        let Some(own) = form(offered) else {
            let name = offered["const"].as_str()?.to_owned();
            let settings = Vec::new();
            return Some(Choice {
                name,
                text,
                settings,
            });
        };
        Some(Choice {
            name: own.0.to_owned(),
            text,
            settings: below(resolve(own.1, root), root, depth),
        })
    };
    offered.filter_map(choice).collect()
}

/// Returns the one name of a map that is a form of a setting, and what stands behind it.
pub(crate) fn form(schema: &Value) -> Option<(&str, &Value)> {
    let fields = schema["properties"].as_object()?;
    let only = fields.len() == 1 && schema["required"].is_array();
    let (name, own) = fields.iter().next().filter(|_| only)?;
    Some((name, own))
}

/// Returns the map of settings that a setting is or holds, under names or as one of its forms.
fn inner<'a>(schema: &'a Value, root: &'a Value) -> Option<&'a Value> {
    let schema = resolve(schema, root);
    if schema["properties"].is_object() {
        return Some(schema);
    }
    let forms = schema["anyOf"].as_array().into_iter().flatten();
    let held = [schema.get("additionalProperties"), schema.get("items")];
    held.into_iter()
        .flatten()
        .chain(forms)
        .find_map(|part| inner(part, root))
}

/// Follows references into the definitions, and options to what they hold.
pub(crate) fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
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
