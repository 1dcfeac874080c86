//! XML becomes JSON.

use compysition_convert::{ENVELOPE, ToJson, xml_text};
use compysition_core::{Actor, Context, Error, Event, Form, Payload, Ports, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::large::work_on;

/// Makes JSON of XML, the way Python's xmltodict does.
///
/// `<a id="1">x</a>` becomes `{"a": {"@id": "1", "#text": "x"}}`, `<a><b>1</b><b/></a>` becomes
/// `{"a": {"b": ["1", null]}}`: attributes begin with `@`, elements of one name become a list, values are texts
/// without the space around them, an empty element is `null`. Names keep their prefixes, and the declarations of
/// namespaces are attributes; comments and processing instructions are left out. A root `jsonified_envelope`, as
/// `json_to_xml` makes it, is taken off. No payload becomes `{}`. Bytes are read in the encoding that they declare.
///
/// XML that is not well-formed is `malformed`, with line and column.
///
/// Example: `xml_to_json: { lists: [item] }`
///
/// Purpose: shape. Patterns: message translator.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct XmlToJson {
    /// Whether the root is taken off, whatever its name is: `<a><b>1</b></a>` becomes `{"b": "1"}`.
    flatten: bool,
    /// The name of a root that is taken off even without `flatten`.
    key: String,
    /// The names of elements that become a list even where there is only one.
    lists: Vec<String>,
}

impl Default for XmlToJson {
    fn default() -> XmlToJson {
        XmlToJson {
            flatten: false,
            key: ENVELOPE.to_owned(),
            lists: Vec::new(),
        }
    }
}

impl XmlToJson {
    /// Makes the actor with its defaults.
    pub fn new() -> XmlToJson {
        XmlToJson::default()
    }

    /// Takes the root off, whatever its name is.
    #[must_use]
    pub fn flatten(mut self) -> XmlToJson {
        self.flatten = true;
        self
    }

    /// Sets the name of a root that is taken off even without `flatten`.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> XmlToJson {
        self.key = key.into();
        self
    }

    /// Sets the names of elements that become a list even where there is only one.
    #[must_use]
    pub fn lists<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> XmlToJson {
        self.lists = names.into_iter().map(Into::into).collect();
        self
    }

    fn convert(&self, payload: &Payload) -> Result<Value> {
        let to_json = ToJson {
            envelope: &self.key,
            flatten: self.flatten,
            lists: &self.lists,
        };
        match payload {
            Payload::Json(_) => Err(Error::malformed(
                "the payload is JSON already, xml_to_json needs XML",
            )),
            Payload::Bytes(bytes) => to_json.convert(&xml_text(bytes)?),
            other => to_json.convert(other.text()?),
        }
    }
}

impl Actor for XmlToJson {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let json = work_on(event.payload(), ctx, self, XmlToJson::convert).await?;
        ctx.send(event.with(json))
    }

    fn ports(&self) -> Ports {
        Ports::any().takes(Form::Xml).makes(Form::Json)
    }
}
