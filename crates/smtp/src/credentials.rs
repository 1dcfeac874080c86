//! A secret that is never shown.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// A password, which no message and no log shows.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "String", inline)]
pub(crate) struct Password(pub(crate) String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
