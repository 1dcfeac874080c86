//! What an actor's settings are refused for, in words for the writer of a flow file.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::source::Span;
use crate::suggest;

/// An error of reading settings.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Remembers where the last error came up. On their way out through type-erased deserializers errors lose
/// everything but their message, so the innermost place is kept beside them.
#[derive(Default)]
pub(crate) struct Tracker(RefCell<Option<Tracked>>);

pub(crate) struct Tracked {
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Tracker {
    /// Keeps the place of an error, unless it is known already from further inside.
    pub(crate) fn locate(&self, fault: Fault, span: Span) -> Fault {
        let mut tracked = self.0.borrow_mut();
        if tracked
            .as_ref()
            .is_none_or(|tracked| tracked.message != fault.message)
        {
            let Fault { message, hint } = &fault;
            *tracked = Some(Tracked {
                span,
                message: message.clone(),
                hint: hint.clone(),
            });
        }
        fault
    }

    /// Returns what is known of the error with this message.
    pub(crate) fn take(&self, message: &str) -> Option<Tracked> {
        self.0.take().filter(|tracked| tracked.message == message)
    }
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Fault {
        Fault {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn or_hint(mut self, hint: impl FnOnce() -> Option<String>) -> Fault {
        self.hint = self.hint.or_else(hint);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Fault {
        Fault::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Fault {
        let (expected, found) = (plain(&expected.to_string()), describe(found));
        Fault::new(format!("expected {expected}, found {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Fault {
        Fault::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Fault {
        let expected = plain(&expected.to_string());
        Fault::new(format!("expected {expected}, found {length} values"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Fault {
        Fault {
            message: format!("unknown setting `{field}`"),
            hint: Some(suggest::hint(field, expected.iter().copied())),
        }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Fault {
        Fault {
            message: format!("unknown value `{variant}`"),
            hint: Some(suggest::hint(variant, expected.iter().copied())),
        }
    }

    fn missing_field(field: &'static str) -> Fault {
        Fault::new(format!("the setting `{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Fault {
        Fault::new(format!("the setting `{field}` is there twice"))
    }
}

/// Says what the code expects in the words of a flow file.
fn plain(expected: &str) -> String {
    let numbers = |from: &str, to: &str| format!("a whole number from {from} to {to}");
    match expected {
        "u8" => numbers("0", &u8::MAX.to_string()),
        "u16" => numbers("0", &u16::MAX.to_string()),
        "u32" => numbers("0", &u32::MAX.to_string()),
        "u64" | "usize" | "u128" => "a whole number from 0".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number".into(),
        text if text.starts_with("a nonzero") => "a whole number from 1".into(),
        "f32" | "f64" => "a number".into(),
        "a string" | "a borrowed string" | "string" | "path string" => "text".into(),
        "a character" => "one character".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "a list".into(),
        "unit" => "nothing".into(),
        text if text.starts_with("struct ") => "a map of settings".into(),
        text if text.starts_with("unit struct") => "nothing".into(),
        text if text.starts_with("enum ") => "one of its names".into(),
        text if text.starts_with("tuple struct") => "a list".into(),
        text => text.into(),
    }
}

fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("`{value}`"),
        Unexpected::Float(value) => format!("`{value}`"),
        Unexpected::Char(value) => format!("the text `{value}`"),
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Unit | Unexpected::Option => "nothing".into(),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a map".into(),
        other => other.to_string(),
    }
}
