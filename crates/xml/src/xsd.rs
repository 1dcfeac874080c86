//! The actor that checks XML.

use std::path::PathBuf;
use std::sync::Arc;

use compysition_core::{
    Actor, Context, Error, Event, FilePath, Form, Payload, Ports, Result, Surroundings, Xml,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::made::LARGE;
use crate::malformed::malformed;
use crate::tree::{Tree, read};
use crate::{Schema, XPath, XmlError};

/// Checks XML against a schema (XSD 1.0), or only that it is well-formed.
///
/// What does not hold is `malformed`. The error has the list of all faults (the first 64), with their lines in the
/// document, under `violations`. A document that is right goes on as it came; text and bytes go on as XML, so that
/// the next actor need not parse them again.
///
/// A schema that is wrong, or includes what cannot be read, is found before the flow starts, with its file and line.
///
/// Example: `xsd: { schema: order.xsd, select: "/*/order" }`
///
/// Purpose: check. Patterns: invalid message channel.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Xsd {
    schema: Option<Schema>,
    select: Option<Arc<XPath>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The file of the schema. It may include and import files of its directory and below. Without it and without
    /// `inline`, a document only has to be well-formed.
    schema: Option<FilePath>,
    /// The schema itself.
    #[serde(alias = "xsd")]
    inline: Option<String>,
    /// An XPath expression that leads to the elements to check, instead of the whole document; there must be one.
    /// Its prefixes are those of the flow's `namespaces`.
    select: Option<String>,
    /// Further directories under which the schema may include and import files.
    #[serde(default)]
    allow: Vec<FilePath>,
}

impl Xsd {
    /// Makes the actor with a schema from a file.
    ///
    /// # Errors
    /// If the file cannot be read; what libxml2 finds wrong in it, with the line.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Xsd, XmlError> {
        Schema::from_file(path.into()).map(Xsd::new)
    }

    /// Makes the actor with a schema given as text.
    ///
    /// # Errors
    /// What libxml2 finds wrong in it, with the line.
    pub fn inline(text: &str) -> Result<Xsd, XmlError> {
        Schema::from_text(text).map(Xsd::new)
    }

    /// Makes the actor with a compiled schema, which may be shared.
    pub fn new(schema: Schema) -> Xsd {
        Xsd {
            schema: Some(schema),
            select: None,
        }
    }

    /// Makes the actor that only asks for documents to be well-formed.
    pub fn well_formed() -> Xsd {
        Xsd::default()
    }

    /// Checks only what an expression leads to.
    #[must_use]
    pub fn select(mut self, path: XPath) -> Xsd {
        self.select = Some(Arc::new(path));
        self
    }

    /// Checks a payload; returns it with its tree.
    fn check(&self, payload: &Payload) -> Result<Payload> {
        let xml = match payload {
            Payload::Xml(xml) => xml.clone(),
            Payload::Text(text) => Xml::from_both(text.clone(), Arc::new(Tree::parse(text)?)),
            other => {
                let document = read(other)?;
                let size = document.size();
                Xml::from_tree(Arc::new(Tree::from(document)), size)
            }
        };
        let faults = xml.tree(Tree::parse)?.with(|document| match &self.schema {
            Some(schema) => schema.validate(document, self.select.as_deref()),
            None => Ok(Vec::new()),
        });
        let faults = faults.map_err(malformed)?;
        match violation(&faults) {
            Some(error) => Err(error),
            None => Ok(xml.into()),
        }
    }
}

/// Returns the error that faults add up to.
fn violation(faults: &[XmlError]) -> Option<Error> {
    let (first, more) = faults.split_first()?;
    let told = first.to_string();
    let told = told.trim_end_matches('.');
    let message = match more.len() {
        0 => told.to_owned(),
        more => format!("{told} (and {more} more)"),
    };
    let list: Vec<Value> = faults
        .iter()
        .map(|fault| json!({"line": fault.line(), "message": fault.message()}))
        .collect();
    let error = Error::malformed(message).with_detail("violations", list);
    Some(match first.line() {
        Some(line) => error.with_detail("line", line),
        None => error,
    })
}

impl TryFrom<Settings> for Xsd {
    type Error = XmlError;

    fn try_from(settings: Settings) -> Result<Xsd, XmlError> {
        let Surroundings { base, namespaces } = Surroundings::current();
        let allow = settings.allow.iter().map(|path| path.as_path().to_owned());
        let allow: Vec<PathBuf> = allow.collect();
        let schema = match (settings.schema, settings.inline) {
            (Some(path), None) => {
                let schema = Schema::from_file_allowing(path.as_path(), &allow);
                Some(schema.inspect_err(XmlError::point)?)
            }
            (None, Some(text)) => Some(Schema::from_text_allowing(&text, &base, &allow)?),
            (None, None) if settings.select.is_some() => {
                return Err(XmlError::new(
                    "`select` needs a `schema`, a file, or `inline`, the text",
                ));
            }
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err(XmlError::new(
                    "give either `schema`, a file, or `inline`, the text",
                ));
            }
        };
        let select = settings.select.map(|path| XPath::new(&path, &namespaces));
        Ok(Xsd {
            schema,
            select: select.transpose()?.map(Arc::new),
        })
    }
}

impl Actor for Xsd {
    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let payload = if event.payload().size() > LARGE {
            let (own, payload) = (self.clone(), event.payload().clone());
            ctx.blocking(move || own.check(&payload)).await?
        } else {
            self.check(event.payload())
        }?;
        // What is XML already has its tree now.
        if !matches!(event.payload(), Payload::Xml(_)) {
            event.set_payload(payload);
        }
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().takes(Form::Xml).makes(Form::Xml)
    }
}
