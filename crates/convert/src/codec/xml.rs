//! The elements of a name in a document of XML.

use compysition_core::{Error, Payload, Result, Xml};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::codec::decoder::{Framing, Place, Step};
use crate::codec::tokens::{Kind, Token, attributes, name, token};
use crate::encoding::declared;
use crate::{Charset, MAX_DEPTH, ToXml};

/// Which elements of a document are records.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct XmlElements {
    /// The name of the elements. Without a prefix it stands for elements with any; one within another of the
    /// same name belongs to that.
    pub element: String,
    /// The root of a document that is written.
    #[serde(default = "root")]
    pub root: String,
}

/// Longer names are not looked at to find an element again.
const LONG: usize = 1 << 10;

fn root() -> String {
    "root".to_owned()
}

/// Elements, as documents of their own: they take along the namespaces that were declared around them.
pub(crate) struct Elements {
    element: Vec<u8>,
    charset: Charset,
    /// Where the next token begins.
    at: usize,
    open: Vec<Open>,
    /// How many elements are open around the record at hand, and what it must be told of them.
    record: Option<(usize, Vec<u8>)>,
}

struct Open {
    name: Vec<u8>,
    /// Declarations of namespaces: name and quoted value.
    namespaces: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Elements {
    pub(crate) fn new(elements: &XmlElements) -> Elements {
        Elements {
            element: elements.element.clone().into_bytes(),
            charset: Charset::UTF_8,
            at: 0,
            open: Vec::new(),
            record: None,
        }
    }

    fn is_record(&self, tag: &[u8]) -> bool {
        let name = name(tag);
        let local = memchr::memchr(b':', name).map_or(name, |colon| &name[colon + 1..]);
        name == self.element || local == self.element
    }

    /// Returns the declarations around a record that its own tag does not replace.
    fn inherited(&self, tag: &[u8]) -> Vec<u8> {
        let mut names: Vec<&[u8]> = attributes(tag).map(|(name, _)| name).collect();
        let mut text = Vec::new();
        let around = self.open.iter().rev().flat_map(|open| &open.namespaces);
        for (name, value) in around {
            if !names.contains(&&**name) {
                names.push(name);
                text.extend([b" ", &**name, b"=", value].concat());
            }
        }
        text
    }

    /// Takes note of a token; returns the bytes that it ends, if it ends a record.
    fn take(&mut self, bytes: &[u8], Token { kind, end }: Token) -> Result<Option<usize>> {
        let tag = &bytes[self.at..end];
        match kind {
            Kind::Other if self.open.is_empty() => self.read_declaration(tag)?,
            Kind::Text | Kind::Other => {}
            Kind::Start | Kind::Empty => {
                if self.record.is_none() && self.is_record(tag) {
                    self.record = Some((self.open.len(), self.inherited(tag)));
                }
                if self.open.len() >= MAX_DEPTH {
                    let message = format!("more than {MAX_DEPTH} elements are nested");
                    return Err(Error::malformed(message));
                }
                let namespaces = attributes(tag).filter(|(name, _)| name.starts_with(b"xmlns"));
                self.open.push(Open {
                    name: name(tag).to_owned(),
                    namespaces: namespaces
                        .map(|(name, value)| (name.to_owned(), value.to_owned()))
                        .collect(),
                });
            }
            Kind::End => {}
        }
        self.at = end;
        if matches!(kind, Kind::Empty | Kind::End) {
            self.close(if kind == Kind::End {
                Some(name(tag))
            } else {
                None
            })?;
            if self
                .record
                .as_ref()
                .is_some_and(|(depth, _)| *depth == self.open.len())
            {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    fn read_declaration(&mut self, token: &[u8]) -> Result<()> {
        if let Some(name) = declared(token) {
            let known = Charset::of(name);
            self.charset = known
                .ok_or_else(|| Error::malformed(format!("the encoding `{name}` is unknown")))?;
            self.charset.ending_lines()?;
        }
        Ok(())
    }

    fn close(&mut self, name: Option<&[u8]>) -> Result<()> {
        let shown = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        match (self.open.pop(), name) {
            (Some(open), Some(name)) if open.name != name => Err(Error::malformed(format!(
                "`</{}>` ends what `<{}>` began",
                shown(name),
                shown(&open.name)
            ))),
            (Some(_), _) => Ok(()),
            (None, name) => Err(Error::malformed(format!(
                "`</{}>` ends what never began",
                shown(name.unwrap_or_default())
            ))),
        }
    }

    /// Makes the document of a record.
    fn document(&mut self, bytes: &[u8]) -> Result<Payload> {
        let (_, inherited) = self.record.take().unwrap_or_default();
        let after_name = 1 + name(bytes).len();
        let bytes = [&bytes[..after_name], &inherited, &bytes[after_name..]].concat();
        self.charset
            .decode(&bytes)
            .map(|text| Xml::from_text(text.as_ref()).into())
    }

    fn finish(&self, bytes: &[u8]) -> Step {
        match self.open.last() {
            Some(open) => {
                let name = String::from_utf8_lossy(&open.name);
                Step::Fatal(Error::malformed(format!(
                    "the element `{name}` is not closed"
                )))
            }
            None if self.at < bytes.len() => Step::Fatal(Error::malformed(
                "the document ends within a tag or a comment",
            )),
            None => Step::Skip(self.at),
        }
    }

    /// Lets go what was looked at, unless a record is being read.
    fn rest(&mut self) -> Step {
        match self.record {
            Some(_) => Step::More,
            None => Step::Skip(std::mem::take(&mut self.at)),
        }
    }
}

impl Framing for Elements {
    fn next(&mut self, bytes: &[u8], ended: bool) -> Step {
        loop {
            let Some(token) = token(bytes, self.at) else {
                return match ended && (self.at < bytes.len() || !self.open.is_empty()) {
                    true => self.finish(bytes),
                    false => self.rest(),
                };
            };
            let begins = matches!(token.kind, Kind::Start | Kind::Empty)
                && self.record.is_none()
                && self.is_record(&bytes[self.at..token.end]);
            // A record begins where the bytes begin.
            if begins && self.at > 0 {
                return self.rest();
            }
            match self.take(bytes, token) {
                Ok(None) => {}
                Ok(Some(end)) => {
                    self.at = 0;
                    return match self.document(&bytes[..end]) {
                        Ok(document) => Step::Record(end, document),
                        Err(error) => Step::Bad(end, error),
                    };
                }
                Err(error) => return Step::Fatal(error),
            }
        }
    }

    /// It goes on within the root, which may declare namespaces.
    fn give_up(&mut self) -> bool {
        self.at = 0;
        self.record = None;
        self.open.truncate(1);
        true
    }

    fn resume(&self, bytes: &[u8]) -> Place {
        for at in memchr::memchr_iter(b'<', bytes) {
            let tag = &bytes[at..bytes.len().min(at + LONG)];
            let begin = tag.get(1);
            if begin.is_none() || (1 + name(tag).len() == tag.len() && tag.len() < LONG) {
                // The name may go on.
                return Place::Beyond(at);
            }
            if begin != Some(&b'/') && self.is_record(tag) {
                return Place::At(at);
            }
        }
        Place::Beyond(bytes.len())
    }
}

/// Writes a record as an element.
pub(crate) fn encode(record: &Payload, elements: &XmlElements) -> Result<Vec<u8>> {
    if let Payload::Xml(xml) = record {
        return Ok(root_of(xml.text()?).into());
    }
    let value = super::json::value_of(record)?;
    let value = match value {
        // It may say itself what it is called.
        Value::Object(object) if object.len() == 1 && object.contains_key(&elements.element) => {
            object
        }
        value => Map::from_iter([(elements.element.clone(), value)]),
    };
    let to_xml = ToXml {
        envelope: &elements.element,
        ..ToXml::default()
    };
    let xml = to_xml.convert(&Value::Object(value))?;
    Ok(root_of(&xml).into())
}

/// Returns a document without what stands before its root.
fn root_of(xml: &str) -> &str {
    let bytes = xml.as_bytes();
    let mut at = 0;
    while let Some(Token {
        kind: Kind::Text | Kind::Other,
        end,
    }) = token(bytes, at)
    {
        at = end;
    }
    xml[at..].trim_end()
}
