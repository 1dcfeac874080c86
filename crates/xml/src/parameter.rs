//! The value of a stylesheet's parameter.

use compysition_core::{Event, Result};
use compysition_expression::Template;

/// Holds what a parameter is set to. In Rust a text is taken as it is; only a [`Template`] is evaluated.
#[derive(Debug, Clone)]
pub enum Parameter {
    /// The same text for every event.
    Text(String),
    /// A text made from each event.
    Template(Template),
}

impl Parameter {
    pub(crate) fn render(&self, event: &Event) -> Result<String> {
        match self {
            Parameter::Text(text) => Ok(text.clone()),
            Parameter::Template(template) => template.render(event),
        }
    }
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Parameter {
        Parameter::Text(text.to_owned())
    }
}

impl From<String> for Parameter {
    fn from(text: String) -> Parameter {
        Parameter::Text(text)
    }
}

impl From<Template> for Parameter {
    fn from(template: Template) -> Parameter {
        Parameter::Template(template)
    }
}
