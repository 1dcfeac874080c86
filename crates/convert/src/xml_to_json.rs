//! XML to JSON.

use std::borrow::Cow;

use compysition_core::{Error, Result};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};

use crate::chars::{is_allowed, is_name};
use crate::{ENVELOPE, MAX_DEPTH};

/// Makes JSON of XML; the root [`ENVELOPE`] is taken off.
///
/// # Errors
/// Malformed, with line and column, if the text is not well-formed XML.
///
/// ```
/// let json = compysition_convert::xml_to_json("<a id='1'><b>x</b><b/></a>")?;
/// assert_eq!(json.to_string(), r#"{"a":{"@id":"1","b":["x",null]}}"#);
/// # Ok::<(), compysition_core::Error>(())
/// ```
pub fn xml_to_json(xml: &str) -> Result<Value> {
    ToJson::default().convert(xml)
}

/// How XML becomes JSON.
#[derive(Clone, Copy, Debug)]
pub struct ToJson<'a> {
    /// The root that is taken off.
    pub envelope: &'a str,
    /// Whether the root is taken off whatever its name is.
    pub flatten: bool,
    /// The names of elements that become a list even if there is only one.
    pub lists: &'a [String],
}

impl Default for ToJson<'_> {
    fn default() -> Self {
        ToJson {
            envelope: ENVELOPE,
            flatten: false,
            lists: &[],
        }
    }
}

impl ToJson<'_> {
    /// Makes JSON of XML.
    ///
    /// # Errors
    /// Malformed, with line and column, if the text is not well-formed XML.
    pub fn convert(&self, xml: &str) -> Result<Value> {
        if xml.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        let (name, value) = Parser::new(xml, self.lists).parse()?;
        if self.flatten {
            return Ok(value);
        }
        if name != self.envelope {
            return Ok(Value::Object(Map::from_iter([(name, value)])));
        }
        match value {
            // Items of a list are named like the envelope that holds them.
            Value::Object(mut object) if object.len() == 1 && object.contains_key(&name) => {
                match object.remove(&name) {
                    Some(Value::Array(items)) => Ok(Value::Array(items)),
                    one => Ok(Value::Array(one.into_iter().collect())),
                }
            }
            other => Ok(other),
        }
    }
}

/// Returns whether the text is one well-formed element and nothing else that would be lost.
pub(crate) fn is_element(text: &str) -> bool {
    text.starts_with('<')
        && text.ends_with('>')
        && !text.starts_with("<?")
        && !text.starts_with("<!")
        && Parser::new(text, &[]).parse().is_ok()
}

struct Parser<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    open: Vec<Element>,
    root: Option<(String, Value)>,
    lists: &'a [String],
}

struct Element {
    name: String,
    content: Map<String, Value>,
    text: String,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, lists: &'a [String]) -> Parser<'a> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        Parser {
            text,
            reader,
            open: Vec::new(),
            root: None,
            lists,
        }
    }

    /// Returns the root's name and content.
    fn parse(mut self) -> Result<(String, Value)> {
        loop {
            let before = self.reader.buffer_position();
            match self.reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(Event::Decl(_)) if before > 0 => {
                    return Err(self.error(before, "an XML declaration that is not at the start"));
                }
                Ok(event) => self
                    .take(event)
                    .map_err(|message| self.error(before, &message))?,
                Err(error) => {
                    return Err(self.error(self.reader.error_position(), &error.to_string()));
                }
            }
        }
        let end = self.text.len() as u64;
        if let Some(element) = self.open.last() {
            return Err(self.error(
                end,
                &format!("the element `{}` is not closed", element.name),
            ));
        }
        self.root
            .take()
            .ok_or_else(|| self.error(end, "there is no element"))
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) if text.windows(3).any(|three| three == b"]]>") => {
                Err("`]]>` outside of a CDATA section".to_owned())
            }
            Event::Text(text) => self.text(&text.xml10_content().map_err(|e| e.to_string())?),
            Event::CData(text) => {
                let text = text.xml10_content().map_err(|e| e.to_string())?;
                if self.open.is_empty() {
                    return Err("text outside the root".to_owned());
                }
                self.text(&text)
            }
            Event::GeneralRef(reference) => {
                let text = resolve(&reference)?;
                if self.open.is_empty() {
                    return Err("text outside the root".to_owned());
                }
                self.text(&text)
            }
            Event::DocType(_) if self.root.is_some() || !self.open.is_empty() => {
                Err("a document type after the root began".to_owned())
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) | Event::Eof => {
                Ok(())
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        if self.open.is_empty() && self.root.is_some() {
            return Err("a second root".to_owned());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} elements are nested"));
        }
        let mut content = Map::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let name = name(attribute.key.into_inner())?;
            if attribute.value.contains(&b'<') {
                return Err(format!("`<` in the value of the attribute `{name}`"));
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?;
            check_chars(&value)?;
            content.insert(format!("@{name}"), value.into());
        }
        let name = name(tag.name().into_inner())?.to_owned();
        self.open.push(Element {
            name,
            content,
            text: String::new(),
        });
        Ok(())
    }

    fn end(&mut self) {
        // The reader checks that tags match, so that one is open.
        let Some(element) = self.open.pop() else {
            return;
        };
        let (name, value) = element.close();
        match self.open.last_mut() {
            Some(parent) => {
                let is_list = self.lists.contains(&name);
                parent.add(name, value, is_list);
            }
            None => self.root = Some((name, value)),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        check_chars(text)?;
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err("text outside the root".to_owned()),
        }
        Ok(())
    }

    fn error(&self, position: u64, message: &str) -> Error {
        let bytes = self.text.as_bytes();
        let position = usize::try_from(position).map_or(bytes.len(), |n| n.min(bytes.len()));
        let line = 1 + bytes[..position]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        let start = bytes[..position]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |n| n + 1);
        let column = 1 + String::from_utf8_lossy(&bytes[start..position])
            .chars()
            .count();
        Error::malformed(format!("line {line}, column {column}: {message}"))
            .with_detail("line", line)
            .with_detail("column", column)
    }
}

impl Element {
    fn add(&mut self, name: String, value: Value, is_list: bool) {
        match self.content.get_mut(&name) {
            // The value of an element is never a list, so this one is of those before.
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                let value = if is_list { vec![value].into() } else { value };
                self.content.insert(name, value);
            }
        }
    }

    fn close(mut self) -> (String, Value) {
        let text = self.text.trim();
        let value = match (self.content.is_empty(), text.is_empty()) {
            (true, true) => Value::Null,
            (true, false) => text.into(),
            (false, true) => Value::Object(self.content),
            (false, false) => {
                self.content.insert("#text".to_owned(), text.into());
                Value::Object(self.content)
            }
        };
        (self.name, value)
    }
}

fn name(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes)
        .ok()
        .filter(|name| is_name(name))
        .ok_or_else(|| {
            format!(
                "`{}` is no name",
                String::from_utf8_lossy(bytes).escape_debug()
            )
        })
}

fn check_chars(text: &str) -> Result<(), String> {
    match text.chars().find(|c| !is_allowed(*c)) {
        Some(c) => Err(format!(
            "the character U+{:04X} is not allowed in XML",
            u32::from(c)
        )),
        None => Ok(()),
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<Cow<'static, str>, String> {
    if let Some(c) = reference
        .resolve_char_ref()
        .map_err(|error| error.to_string())?
    {
        return Ok(Cow::Owned(c.to_string()));
    }
    let name = reference.decode().map_err(|error| error.to_string())?;
    quick_xml::escape::resolve_xml_entity(&name)
        .map(Cow::Borrowed)
        .ok_or_else(|| {
            format!("the entity `{name}` is unknown; entities of the document are not expanded")
        })
}
