//! Values with templates in their texts.

use std::borrow::Cow;

use compysition_core::Result;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::{Scope, Template};

/// Any value whose texts are templates, such as `{ id: "{{ meta_id }}", lines: ["{{ payload[0] }}"] }`. A text
/// that is one expression as a whole keeps the type of its value.
#[derive(Clone, Debug)]
pub struct ValueTemplate(Form);

#[derive(Clone, Debug)]
enum Form {
    /// The same for every event.
    Literal(Value),
    Text(Template),
    List(Vec<ValueTemplate>),
    Object(Vec<(String, ValueTemplate)>),
}

impl ValueTemplate {
    /// Compiles the templates in a value.
    ///
    /// # Errors
    /// Internal, with what is wrong with the first that is.
    pub fn new(value: Value) -> Result<ValueTemplate> {
        let form = match value {
            Value::String(text) => match Template::new(text)? {
                template if template.as_literal().is_some() => {
                    Form::Literal(template.source().into())
                }
                template => Form::Text(template),
            },
            Value::Array(items) => {
                let items = items.into_iter().map(ValueTemplate::new);
                list(items.collect::<Result<_>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.into_iter();
                let fields = fields.map(|(name, value)| Ok((name, ValueTemplate::new(value)?)));
                object(fields.collect::<Result<_>>()?)
            }
            scalar => Form::Literal(scalar),
        };
        Ok(ValueTemplate(form))
    }

    /// Evaluates all templates in the value.
    ///
    /// # Errors
    /// As [`Template::evaluate`], for the first that cannot be.
    pub fn evaluate<'a>(&self, scope: impl Into<Scope<'a>>) -> Result<Value> {
        let scope = scope.into();
        match &self.0 {
            Form::Literal(value) => Ok(value.clone()),
            Form::Text(template) => template.evaluate(scope),
            Form::List(items) => items.iter().map(|item| item.evaluate(scope)).collect(),
            Form::Object(fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, value)| Ok((name.clone(), value.evaluate(scope)?)));
                fields.collect::<Result<Map<_, _>>>().map(Value::Object)
            }
        }
    }

    /// Returns the value if it is the same for every event.
    pub fn as_literal(&self) -> Option<&Value> {
        match &self.0 {
            Form::Literal(value) => Some(value),
            _ => None,
        }
    }
}

fn list(items: Vec<ValueTemplate>) -> Form {
    let literals = items.iter().map(ValueTemplate::as_literal);
    match literals.map(Option::<&Value>::cloned).collect() {
        Some(literal) => Form::Literal(Value::Array(literal)),
        None => Form::List(items),
    }
}

fn object(fields: Vec<(String, ValueTemplate)>) -> Form {
    let literals = fields.iter();
    let literals = literals.map(|(name, value)| Some((name.clone(), value.as_literal()?.clone())));
    match literals.collect() {
        Some(literal) => Form::Literal(Value::Object(literal)),
        None => Form::Object(fields),
    }
}

impl<'de> Deserialize<'de> for ValueTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ValueTemplate, D::Error> {
        ValueTemplate::new(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ValueTemplate {
    fn schema_name() -> Cow<'static, str> {
        "ValueTemplate".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "format": "value template" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compysition_core::Event;
    use serde_json::json;

    #[test]
    fn templates_in_a_value_are_filled() {
        let value =
            json!({"id": "{{ attributes.id }}", "all": ["{{ text }}!", 1], "same": {"a": [null]}});
        let template = ValueTemplate::new(value).unwrap();
        assert!(template.as_literal().is_none());
        let event = Event::new("hi").with_attribute("id", 7);
        let made = template.evaluate(&event).unwrap();
        assert_eq!(
            made,
            json!({"id": 7, "all": ["hi!", 1], "same": {"a": [null]}})
        );
    }

    #[test]
    fn a_value_without_templates_is_ready() {
        let value = json!({"a": [1, "x", {"b": null}]});
        let template = ValueTemplate::new(value.clone()).unwrap();
        assert_eq!(template.as_literal(), Some(&value));
    }

    #[test]
    fn mistakes_are_found_when_it_is_read() {
        let error = serde_json::from_value::<ValueTemplate>(json!(["{{ nothing }}"])).unwrap_err();
        assert!(error.to_string().contains("unknown `nothing`"), "{error}");
    }
}
