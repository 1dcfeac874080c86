//! The manual of a kind of actor, from the schema of its settings.

use compysition_core::{Kind, Registry};
use serde_json::{Map, Value};

use crate::types::type_of;

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
        for (name, description) in choices(resolved) {
            let choice = format!("`{name}`: {description}");
            *text += &format!("{}\n", indent(&choice, &format!("{margin}    ")));
        }
        for (name, description, own) in forms(resolved) {
            let form = format!("`{name}`: {description}");
            *text += &format!("{}\n", indent(&form, &format!("{margin}    ")));
            write_settings(resolve(own, root), root, &format!("{margin}        "), text);
        }
        *text += "\n";
        // Settings within settings, but not without end.
        if let Some(inner) = inner(resolved, root)
            && margin.len() < 12
        {
            write_settings(inner, root, &format!("{margin}    "), text);
        }
    }
}

/// Returns the names that a setting offers, with what they mean.
fn choices(schema: &Value) -> impl Iterator<Item = (&str, &str)> {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    choices.filter_map(|choice| Some((choice["const"].as_str()?, choice["description"].as_str()?)))
}

/// Returns the names that a setting offers which have settings of their own, with what they mean.
fn forms(schema: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    choices.filter_map(|choice| {
        let (name, own) = choice["properties"].as_object()?.iter().next()?;
        Some((&**name, choice["description"].as_str()?, own))
    })
}

/// Returns the map of settings that a setting is or holds, under names or as one of its forms.
fn inner<'a>(schema: &'a Value, root: &'a Value) -> Option<&'a Value> {
    let schema = resolve(schema, root);
    if schema["properties"].is_object() {
        return Some(schema);
    }
    let forms = schema["anyOf"].as_array().into_iter().flatten();
    let held = schema.get("additionalProperties");
    held.into_iter()
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

pub(crate) fn plain(value: &Value) -> String {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use compysition_core::{Actor, Context, Event, Result};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;

    /// Sends each event the way that it asks for.
    #[derive(Deserialize, JsonSchema)]
    struct Ways {
        /// The ways by their names.
        #[expect(dead_code, reason = "only its schema is looked at")]
        ways: BTreeMap<String, Way>,
        /// What is done with the rest.
        #[serde(default)]
        #[expect(dead_code, reason = "only its schema is looked at")]
        rest: Rest,
    }

    /// Where a way leads.
    #[derive(Deserialize, JsonSchema)]
    struct Way {
        /// How many may go it.
        #[expect(dead_code, reason = "only its schema is looked at")]
        most: Option<u32>,
    }

    #[derive(Default, Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Rest {
        /// It ends.
        #[default]
        Drop,
        /// It goes on.
        Pass,
    }

    impl Actor for Ways {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            ctx.send(event)
        }
    }

    #[test]
    fn shows_what_settings_hold_and_offer() {
        let mut registry = Registry::new();
        registry.add::<Ways>("ways");
        let manual = of(registry.get("ways").unwrap(), &registry);
        let expected = "\
ways

  Sends each event the way that it asks for.

Settings

  ways: map of map; must be given
      The ways by their names.

      most: whole number
          How many may go it.

  rest: drop | pass; default: \"drop\"
      What is done with the rest.
      `drop`: It ends.
      `pass`: It goes on.

";
        assert_eq!(manual, expected);
    }
}
