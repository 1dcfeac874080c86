//! What is made of several payloads.

use compysition_convert::{ToXml, is_xml_name, root_element, xml_text};
use compysition_core::{Context, Event, Payload, Result, Xml};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, json};

/// Says what is made of parts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// An object of their payloads, by their names.
    Object,
    /// A list of their payloads.
    List,
    /// How many there were, and how many of them were delivered and how many failed; their payloads are not kept.
    Count,
    /// XML with a root of this name; parts that are no XML become elements of their names, or `item`.
    Xml(#[serde(deserialize_with = "xml_name")] String),
    /// The text of a template, in which `payload` is their object, or without names their list.
    Template(Template),
}

fn xml_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    match is_xml_name(&name) {
        true => Ok(name),
        false => Err(de::Error::custom(format!(
            "`{name}` is no name of an XML element"
        ))),
    }
}

/// A payload and its name, if it has one.
pub(crate) type Named = (Option<String>, Payload);

impl Merge {
    /// Returns whether the payloads are needed.
    pub(crate) fn needs_payloads(&self) -> bool {
        !matches!(self, Merge::Count)
    }

    /// Makes the payload of an event that unites parts.
    pub(crate) fn unite(&self, event: Event, parts: Vec<Named>, ctx: &Context) -> Result<Event> {
        let payload = match self {
            Merge::Count => return Ok(event),
            Merge::Xml(root) => return Ok(event.with(xml(root, &parts)?)),
            Merge::List => list(parts),
            Merge::Object | Merge::Template(_) => object_or_list(parts),
        };
        let event = event.with(payload);
        match self {
            Merge::Template(template) => {
                let text = template.render((&event, ctx))?;
                Ok(event.with(text))
            }
            _ => Ok(event),
        }
    }
}

fn list(parts: Vec<Named>) -> Value {
    parts
        .iter()
        .map(|(_, payload)| payload.to_value())
        .collect()
}

fn object_or_list(parts: Vec<Named>) -> Value {
    let fields = parts
        .iter()
        .map(|(name, payload)| Some((name.clone()?, payload.to_value())));
    match fields.collect::<Option<Map<_, _>>>() {
        Some(fields) => Value::Object(fields),
        None => list(parts),
    }
}

fn xml(root: &str, parts: &[Named]) -> Result<Xml> {
    let mut text = format!("<{root}>");
    for (name, payload) in parts {
        match payload {
            Payload::Xml(xml) => text.push_str(root_element(xml.text()?)?),
            Payload::Empty => {}
            other => text.push_str(&element(name.as_deref(), other)?),
        }
    }
    text.push_str(&format!("</{root}>"));
    Ok(Xml::from_text(text))
}

/// Returns a payload as an element: a text that is XML itself as it is, everything else under its name.
fn element(name: Option<&str>, payload: &Payload) -> Result<String> {
    if let Payload::Text(_) | Payload::Bytes(_) = payload
        && let Ok(text) = xml_text(payload.bytes()?)
        && let Ok(element) = root_element(&text)
    {
        return Ok(element.to_owned());
    }
    let name = name.unwrap_or("item");
    let to_xml = ToXml {
        envelope: name,
        escape: false,
    };
    let document = to_xml.convert(&json!({ name: payload.to_value() }))?;
    Ok(root_element(&document)?.to_owned())
}
