//! JSON becomes XML.

use compysition_convert::{ENVELOPE, ToXml};
use compysition_core::{Actor, Context, Error, Event, Form, Payload, Ports, Result, Xml};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::large::work_on;

/// Makes XML of JSON, the way Python's xmltodict does.
///
/// `{"a": {"@id": 1, "b": ["x", null], "#text": "t"}}` becomes `<a id="1"><b>x</b><b/>t</a>`: what begins with `@`
/// is an attribute, `#text` the text, each item of a list an element. An object with one key becomes the root of
/// that name. A list, a value, and an object with several keys, or with a list under its one key, get the root
/// `jsonified_envelope`, which `xml_to_json` takes off again; `null`, `{}` and no payload become `<root/>`. A text that is
/// itself an XML element is embedded as XML.
///
/// What is no JSON is `malformed`, with line and column; what cannot be XML, such as a key that is no name,
/// is `unprocessable`, with its path.
///
/// Example: `json_to_xml: { key: orders, escape: true }`
///
/// Purpose: shape. Patterns: message translator.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JsonToXml {
    /// The name of the root where the JSON has none.
    key: String,
    /// Whether a text that is itself an XML element stays a text, and is escaped.
    #[serde(alias = "escape_xml")]
    escape: bool,
}

impl Default for JsonToXml {
    fn default() -> JsonToXml {
        JsonToXml {
            key: ENVELOPE.to_owned(),
            escape: false,
        }
    }
}

impl JsonToXml {
    /// Makes the actor with its defaults.
    pub fn new() -> JsonToXml {
        JsonToXml::default()
    }

    /// Sets the name of the root where the JSON has none.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> JsonToXml {
        self.key = key.into();
        self
    }

    /// Escapes texts that are themselves XML elements.
    #[must_use]
    pub fn escape(mut self) -> JsonToXml {
        self.escape = true;
        self
    }

    fn convert(&self, payload: &Payload) -> Result<Xml> {
        if let Payload::Xml(_) = payload {
            let message = "the payload is XML already, json_to_xml needs JSON";
            return Err(Error::malformed(message));
        }
        let to_xml = ToXml {
            envelope: &self.key,
            escape: self.escape,
        };
        Ok(Xml::from_text(to_xml.convert(&*payload.json()?)?))
    }
}

impl Actor for JsonToXml {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let xml = work_on(event.payload(), ctx, self, JsonToXml::convert).await?;
        ctx.send(event.with(xml))
    }

    fn ports(&self) -> Ports {
        Ports::any().takes(Form::Json).makes(Form::Xml)
    }
}
