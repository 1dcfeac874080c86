//! Payloads made from a template.

use std::fmt;

use compysition_core::{Actor, Context, Error, Event, FilePath, Json, Result, Xml};
use compysition_expression::{Escape, Template as Compiled};
use schemars::JsonSchema;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// The attribute that tells the HTTP door what the payload is.
const CONTENT_TYPE: &str = "content_type";
const HTML: &str = "text/html; charset=utf-8";

/// Makes the payload from a template: text with `{{ … }}` for values, `{% for … %}` and `{% if … %}`.
///
/// With `format: html`, `xml` or `json` the values put in are escaped so that they cannot be taken for markup:
/// a text in JSON gets its quotes (`{"name": {{ payload.name }}}`). What was escaped already goes through the
/// filter `safe`. A text instead of settings is the template itself.
///
/// A value that is undefined for an event is `unprocessable`.
///
/// Example: `template: { inline: "<h1>{{ payload.title }}</h1>", format: html }`
///
/// Purpose: shape. Patterns: message translator.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(with = "Settings")]
pub struct Template {
    template: Compiled,
    format: TextFormat,
    content_type: Option<String>,
}

/// Says what a template makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// Text, with the values as they are.
    #[default]
    Text,
    /// Text of the media type `text/html`.
    Html,
    /// JSON.
    Json,
    /// XML.
    Xml,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The file of the template. Give either this or `inline`.
    #[serde(alias = "filename")]
    file: Option<FilePath>,
    /// The template itself.
    inline: Option<String>,
    /// What the template makes.
    format: TextFormat,
    /// The media type of what it makes, for an HTTP answer or request; without it that of the format.
    content_type: Option<String>,
}

impl Template {
    /// Makes the actor with a template given as text.
    ///
    /// # Errors
    /// What is wrong with the template.
    pub fn inline(text: &str) -> Result<Template> {
        Template::of(text, TextFormat::Text)
    }

    /// Makes the actor with a template given as text, which makes text of a format.
    ///
    /// # Errors
    /// What is wrong with the template.
    pub fn of(text: &str, format: TextFormat) -> Result<Template> {
        let escape = match format {
            TextFormat::Text => Escape::None,
            TextFormat::Json => Escape::Json,
            TextFormat::Html | TextFormat::Xml => Escape::Xml,
        };
        Ok(Template {
            template: Compiled::escaping(text, escape)?,
            format,
            content_type: (format == TextFormat::Html).then(|| HTML.to_owned()),
        })
    }

    /// Sets the media type of what the template makes.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Template {
        self.content_type = Some(content_type.into());
        self
    }
}

impl TryFrom<Settings> for Template {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<Template> {
        let text = match (settings.file, settings.inline) {
            (None, Some(text)) => text,
            (Some(path), None) => {
                let path = path.as_path();
                std::fs::read_to_string(path).map_err(|error| {
                    let path = path.display();
                    Error::internal(format!("the template `{path}` cannot be read: {error}"))
                })?
            }
            _ => return Err(Error::internal("give either `file` or `inline`, the text")),
        };
        let template = Template::of(&text, settings.format)?;
        Ok(match settings.content_type {
            Some(content_type) => template.content_type(content_type),
            None => template,
        })
    }
}

impl Actor for Template {
    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let text = self.template.render((&event, ctx))?;
        match &self.content_type {
            Some(content_type) => event.set_attribute(CONTENT_TYPE, content_type.as_str()),
            // What an earlier actor made no longer is what the event carries.
            None if event.attribute(CONTENT_TYPE).is_some() => event.remove_attribute(CONTENT_TYPE),
            None => {}
        }
        match self.format {
            TextFormat::Text | TextFormat::Html => event.set_payload(text),
            TextFormat::Json => event.set_payload(Json::from_text(text)),
            TextFormat::Xml => event.set_payload(Xml::from_text(text)),
        }
        ctx.send(event)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Template;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a template, or a map of settings")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Template, E> {
                Template::inline(text).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, settings: A) -> Result<Template, A::Error> {
                let settings = serde::de::value::MapAccessDeserializer::new(settings);
                let settings = Settings::deserialize(settings)?;
                Template::try_from(settings).map_err(serde::de::Error::custom)
            }
        }

        deserializer.deserialize_any(Read)
    }
}
