//! Attributes as another process wrote them.

use std::sync::OnceLock;

use serde_json::Value;

use crate::attributes::Slots;
use crate::plain;

/// The text of a JSON object, which is read when somebody asks for what stands in it: what only passes through a process
/// goes on as it came.
pub(crate) struct Written {
    text: Box<str>,
    slots: OnceLock<Slots>,
}

impl Written {
    /// Takes a text; none if there is nothing in it.
    ///
    /// # Errors
    /// What keeps it from being read as an object.
    pub(crate) fn new(text: &str) -> serde_json::Result<Option<Written>> {
        plain::check_object(text)?;
        let is_empty = text.bytes().all(|byte| b"{} \t\r\n".contains(&byte));
        Ok((!is_empty).then(|| Written {
            text: text.into(),
            slots: OnceLock::new(),
        }))
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn slots(&self) -> &Slots {
        self.slots.get_or_init(|| match plain::read(&self.text) {
            Ok(Value::Object(fields)) => Slots::from_iter(fields),
            // It was read before, in the same way.
            _ => Slots::default(),
        })
    }
}
