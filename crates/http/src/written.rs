//! Defaults of settings, as the manual shows them.

use std::fmt::Display;

use serde::Serializer;

/// Writes a default the way that people write the setting.
pub(crate) fn written<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}
