//! JSON to XML.

use compysition_core::{Error, Result};
use serde_json::{Map, Value};

use crate::chars::{is_allowed, is_name};
use crate::xml_to_json::is_element;
use crate::{ENVELOPE, MAX_DEPTH};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Makes XML of JSON; what has no root of its own gets the root [`ENVELOPE`].
///
/// # Errors
/// Unprocessable, with the path of what cannot be XML.
///
/// ```
/// let json = serde_json::json!({"a": {"@id": 1, "b": ["x", null]}});
/// let xml = compysition_convert::json_to_xml(&json)?;
/// assert!(xml.ends_with("<a id=\"1\"><b>x</b><b/></a>"));
/// # Ok::<(), compysition_core::Error>(())
/// ```
pub fn json_to_xml(json: &Value) -> Result<String> {
    ToXml::default().convert(json)
}

/// How JSON becomes XML.
#[derive(Clone, Copy, Debug)]
pub struct ToXml<'a> {
    /// The root of what has none of its own.
    pub envelope: &'a str,
    /// Whether a text that is itself an XML element is escaped like any other, and not embedded.
    pub escape: bool,
}

impl Default for ToXml<'_> {
    fn default() -> Self {
        ToXml {
            envelope: ENVELOPE,
            escape: false,
        }
    }
}

impl ToXml<'_> {
    /// Makes XML of JSON.
    ///
    /// # Errors
    /// Unprocessable, with the path of what cannot be XML.
    pub fn convert(&self, json: &Value) -> Result<String> {
        let envelope = self.envelope;
        let mut writer = Writer {
            output: DECLARATION.to_owned(),
            path: Vec::new(),
            escape: self.escape,
        };
        match json {
            Value::Null => writer.output.push_str("<root/>"),
            Value::Object(object) => match object.iter().next() {
                None => writer.output.push_str("<root/>"),
                Some((name, value)) if object.len() == 1 && is_root(name, value) => {
                    writer.element(name, value)?;
                }
                _ => writer.element(envelope, json)?,
            },
            Value::Array(_) => writer.list_in(envelope, json)?,
            scalar => writer.element(envelope, scalar)?,
        }
        Ok(writer.output)
    }
}

fn is_root(name: &str, value: &Value) -> bool {
    !value.is_array() && !name.starts_with(['@', '#'])
}

struct Writer<'a> {
    output: String,
    /// The names from the root to where the writer is, for errors and to bound the depth.
    path: Vec<&'a str>,
    escape: bool,
}

impl<'a> Writer<'a> {
    fn element(&mut self, name: &'a str, value: &'a Value) -> Result {
        if let Value::Array(items) = value {
            return items.iter().try_for_each(|item| match item {
                Value::Array(_) => self.list_in(name, item),
                item => self.element(name, item),
            });
        }
        self.open(name)?;
        if let Value::Object(object) = value {
            self.attributes(object)?;
        }
        self.output.push('>');
        let start = self.output.len();
        self.content(value)?;
        self.close(name, start);
        Ok(())
    }

    /// Writes a list that has no name of its own: as an element whose children are named like it.
    fn list_in(&mut self, name: &'a str, list: &'a Value) -> Result {
        self.open(name)?;
        self.output.push('>');
        let start = self.output.len();
        self.element(name, list)?;
        self.close(name, start);
        Ok(())
    }

    fn content(&mut self, value: &'a Value) -> Result {
        match value {
            Value::Object(object) => {
                let children = object
                    .iter()
                    .filter(|(name, _)| !name.starts_with(['@', '#']));
                for (name, child) in children {
                    self.element(name, child)?;
                }
                match object.get("#text") {
                    Some(text) => self.scalar("#text", text, false),
                    None => Ok(()),
                }
            }
            Value::String(text) if !self.escape && is_element(text.trim()) => {
                self.output.push_str(text.trim());
                Ok(())
            }
            scalar => self.scalar("#text", scalar, false),
        }
    }

    fn attributes(&mut self, object: &'a Map<String, Value>) -> Result {
        for (key, value) in object {
            let Some(name) = key.strip_prefix('@') else {
                if key.starts_with('#') && key != "#text" {
                    return Err(self.error(&format!("the key `{key}` means nothing in XML")));
                }
                continue;
            };
            if !is_name(name) {
                return Err(self.error(&format!("`{}` is no XML name", name.escape_debug())));
            }
            self.output.push(' ');
            self.output.push_str(name);
            self.output.push_str("=\"");
            self.scalar(key, value, true)?;
            self.output.push('"');
        }
        Ok(())
    }

    fn scalar(&mut self, key: &str, value: &Value, attribute: bool) -> Result {
        match value {
            Value::Null => Ok(()),
            Value::Bool(truth) => {
                self.output.push_str(if *truth { "true" } else { "false" });
                Ok(())
            }
            Value::Number(number) => {
                self.output.push_str(&number.to_string());
                Ok(())
            }
            Value::String(text) => self.text(text, attribute),
            Value::Array(_) | Value::Object(_) => Err(self.error(&format!(
                "`{key}` must be a text, a number or a truth value"
            ))),
        }
    }

    fn text(&mut self, text: &str, attribute: bool) -> Result {
        for c in text.chars() {
            match c {
                '<' => self.output.push_str("&lt;"),
                '>' => self.output.push_str("&gt;"),
                '&' => self.output.push_str("&amp;"),
                '"' if attribute => self.output.push_str("&quot;"),
                '\r' => self.output.push_str("&#13;"),
                '\n' if attribute => self.output.push_str("&#10;"),
                '\t' if attribute => self.output.push_str("&#9;"),
                c if is_allowed(c) => self.output.push(c),
                c => {
                    let message = format!("XML cannot hold the character U+{:04X}", u32::from(c));
                    return Err(self.error(&message));
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, name: &'a str) -> Result {
        if !is_name(name) {
            return Err(self.error(&format!("`{}` is no XML name", name.escape_debug())));
        }
        if self.path.len() >= MAX_DEPTH {
            return Err(self.error(&format!("more than {MAX_DEPTH} values are nested")));
        }
        self.path.push(name);
        self.output.push('<');
        self.output.push_str(name);
        Ok(())
    }

    /// Closes the element whose content began at `start`, shortly if there is none.
    fn close(&mut self, name: &str, start: usize) {
        self.path.pop();
        if self.output.len() == start {
            self.output.truncate(start - 1);
            self.output.push_str("/>");
        } else {
            self.output.push_str("</");
            self.output.push_str(name);
            self.output.push('>');
        }
    }

    fn error(&self, message: &str) -> Error {
        // All of a deep path helps nobody.
        let path: String = self
            .path
            .iter()
            .take(16)
            .flat_map(|name| ["/", name])
            .collect();
        let path = if path.is_empty() {
            "/".to_owned()
        } else {
            path
        };
        Error::unprocessable(format!(
            "this JSON cannot be written as XML: {message} (at {path})"
        ))
        .with_detail("path", path)
    }
}
