//! Text of an event on its way into the head of a message.

use compysition_core::{Error, Event, Result};
use compysition_expression::Template;

/// A template whose text goes into the head of a message. What an event says cannot end the line there, and so cannot add a header.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    name: String,
    template: Template,
}

impl Line {
    /// Compiles the template of a setting.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(name: impl Into<String>, template: impl Into<String>) -> Result<Line> {
        Ok(Line {
            name: name.into(),
            template: Template::new(template)?,
        })
    }

    /// Renders it.
    ///
    /// # Errors
    /// Unprocessable, if there is a line break or another control character in it.
    pub(crate) fn render(&self, event: &Event) -> Result<String> {
        let text = self.template.render(event)?;
        match text.chars().any(char::is_control) {
            false => Ok(text),
            true => Err(Error::unprocessable(format!(
                "`{}` has a line break or another control character, which cannot stand in the head of a message",
                self.name
            ))),
        }
    }

    /// Renders it, with a space for what cannot stand in the head: messages of errors often have several lines.
    ///
    /// # Errors
    /// If it cannot be rendered.
    pub(crate) fn flatten(&self, event: &Event) -> Result<String> {
        let text = self.template.render(event)?;
        let parts = text.split(|char: char| char.is_control());
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        Ok(parts.join(" "))
    }

    /// Returns the text if it is the same for every event.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        self.template.as_literal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_the_line_is_an_error_or_a_space() {
        let line = Line::new("subject", "{{ text }}").unwrap();
        let event = Event::new("one\r\nBcc: two\n\0");
        assert!(line.render(&event).is_err());
        assert_eq!(line.flatten(&event).unwrap(), "one Bcc: two");
    }
}
