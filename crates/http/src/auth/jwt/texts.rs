//! One text or several.

use schemars::JsonSchema;
use serde::Deserialize;

/// Texts as people write them: one, or a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, or a list of texts")]
pub(crate) enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            Texts::One(text) => vec![text],
            Texts::Several(texts) => texts,
        }
    }
}

impl Default for Texts {
    fn default() -> Texts {
        Texts::Several(Vec::new())
    }
}
