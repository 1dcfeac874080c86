//! What is checked of tokens: one text or several.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

/// Texts as people write them: one, or a list. Whoever writes one wants something checked, so that none is a mistake.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(try_from = "Given")]
#[schemars(with = "Given", inline)]
pub(crate) struct Texts(Vec<String>);

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, or a list of texts")]
#[schemars(inline)]
enum Given {
    One(String),
    Several(Vec<String>),
}

const NOTHING: &str = "nothing would be checked; leave it out if that is meant";

impl Texts {
    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

impl TryFrom<Given> for Texts {
    type Error = &'static str;

    fn try_from(given: Given) -> Result<Texts, &'static str> {
        let texts = match given {
            Given::One(text) => vec![text],
            Given::Several(texts) => texts,
        };
        let is_blank = |text: &String| text.trim().is_empty();
        match texts.is_empty() || texts.iter().any(is_blank) {
            true => Err(NOTHING),
            false => Ok(Texts(texts)),
        }
    }
}

/// Reads a list that has something in it.
pub(crate) fn some<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Vec::deserialize(from)?;
    match list.is_empty() {
        true => Err(de::Error::custom(NOTHING)),
        false => Ok(list),
    }
}
