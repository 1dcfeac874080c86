//! The actor that transforms XML.

use std::collections::BTreeMap;
use std::path::PathBuf;

use compysition_core::{
    Actor, Context, Event, FilePath, Form, Ports, Result, Surroundings, more_than_nothing,
};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::Deserialize;
use tracing::warn;

use crate::made::{LARGE, transform};
use crate::{Compiler, Limits, Parameter, Stylesheet, XmlError};

/// The attribute that tells the HTTP door what the payload is.
const CONTENT_TYPE: &str = "content_type";

/// Transforms XML with an XSLT 1.0 stylesheet, EXSLT included.
///
/// The payload becomes XML if the output method is `xml`, text if it is `html` or `text`, and bytes if
/// `xsl:output` names another encoding than UTF-8. If `xsl:output` names a media type, if it is HTML, or
/// if it is bytes, the attribute `content_type` says what was made. What `xsl:message` says is logged.
///
/// A document that is not well-formed, a transformation that fails, and `xsl:message terminate="yes"` are
/// malformed, with the message of libxslt and the line.
///
/// Example: `xslt: { stylesheet: order.xsl, parameters: { customer: "{{ attributes.user }}" } }`
///
/// Purpose: shape. Patterns: message translator.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Xslt {
    stylesheet: Stylesheet,
    parameters: Vec<(String, Parameter)>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The file of the stylesheet. Give either this or `inline`.
    stylesheet: Option<FilePath>,
    /// The stylesheet itself.
    #[serde(alias = "xslt")]
    inline: Option<String>,
    /// Values for the stylesheet's parameters (`xsl:param`), by name or `{namespace}name`; each is a
    /// template. They are passed as texts, never as expressions.
    #[serde(default)]
    parameters: BTreeMap<String, Template>,
    /// The directories under which `document()`, `xsl:import` and `xsl:include` may read files. Without
    /// any, a stylesheet reads nothing but itself.
    #[serde(default)]
    allow: Vec<FilePath>,
    /// How many instructions one transformation may run, whatever the size of the document. Without it, ten
    /// million and a hundred more for each byte of the document.
    #[serde(default, deserialize_with = "more_than_nothing")]
    max_operations: Option<u64>,
}

impl Xslt {
    /// Makes the actor with a stylesheet from a file.
    ///
    /// # Errors
    /// If the file cannot be read; what libxslt finds wrong in it, with the line.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Xslt, XmlError> {
        Stylesheet::from_file(path.into()).map(Xslt::new)
    }

    /// Makes the actor with a stylesheet given as text.
    ///
    /// # Errors
    /// What libxslt finds wrong in it, with the line.
    pub fn inline(text: &str) -> Result<Xslt, XmlError> {
        Stylesheet::from_text(text).map(Xslt::new)
    }

    /// Makes the actor with a compiled stylesheet, which may be shared.
    pub fn new(stylesheet: Stylesheet) -> Xslt {
        Xslt {
            stylesheet,
            parameters: Vec::new(),
        }
    }

    /// Sets a parameter of the stylesheet: to a text, or to what a template gives for each event.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Parameter>) -> Xslt {
        self.parameters.push((name.into(), value.into()));
        self
    }
}

impl TryFrom<Settings> for Xslt {
    type Error = XmlError;

    fn try_from(settings: Settings) -> Result<Xslt, XmlError> {
        let mut compiler = Compiler::new().base(Surroundings::current().base);
        for directory in settings.allow {
            compiler = compiler.allow(directory.as_path());
        }
        if let Some(operations) = settings.max_operations {
            compiler = compiler.limits(Limits {
                operations,
                operations_per_byte: 0,
                ..Limits::default()
            });
        }
        let seeing = |stylesheet: Stylesheet| {
            let unseen = stylesheet.unseen(|name| settings.parameters.contains_key(name));
            unseen.map_or(Ok(stylesheet), Err)
        };
        let stylesheet = match (settings.stylesheet, settings.inline) {
            (Some(path), None) => compiler
                .compile_file(path.as_path())
                .and_then(seeing)
                .inspect_err(XmlError::point)?,
            (None, Some(text)) => compiler.compile(&text).and_then(seeing)?,
            _ => {
                return Err(XmlError::new(
                    "give either `stylesheet`, a file, or `inline`, the text",
                ));
            }
        };
        Ok(Xslt {
            stylesheet,
            parameters: settings
                .parameters
                .into_iter()
                .map(|(name, template)| (name, template.into()))
                .collect(),
        })
    }
}

impl Actor for Xslt {
    async fn start(&mut self, ctx: &Context) -> Result {
        for warning in self.stylesheet.warnings() {
            warn!(flow = ctx.flow(), actor = ctx.actor(), "{warning}");
        }
        Ok(())
    }

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let parameters = self
            .parameters
            .iter()
            .map(|(name, value)| Ok((name.clone(), value.render(&event)?)))
            .collect::<Result<Vec<_>>>()?;
        let stylesheet = self.stylesheet.clone();
        let payload = event.payload().clone();
        let watched = ctx.is_watched();
        let (made, said) = if payload.size() > LARGE {
            ctx.blocking(move || transform(&stylesheet, &payload, &parameters, watched))
                .await?
        } else {
            transform(&stylesheet, &payload, &parameters, watched)
        };
        said.log(&event, ctx);
        if watched {
            let templates = self.stylesheet.templates().into_iter();
            templates
                .filter(|template| said.reached().contains(&template.place))
                .for_each(|template| ctx.reach(&template.to_string()));
        }
        let made = made?;
        match made.content_type {
            Some(content_type) => event.set_attribute(CONTENT_TYPE, content_type),
            // What an earlier actor made no longer is what the event carries.
            None if event.attribute(CONTENT_TYPE).is_some() => event.remove_attribute(CONTENT_TYPE),
            None => {}
        }
        ctx.send(event.with(made.payload))
    }

    fn ports(&self) -> Ports {
        let templates = self.stylesheet.templates();
        Ports::any()
            .takes(Form::Xml)
            .parts(templates.iter().map(ToString::to_string))
    }
}
