//! The settings of an access log.

use std::path::Path;

use compysition_core::FilePath;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

/// Parameters whose values nobody should find in a log.
const SECRETS: [&str; 12] = [
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "code",
    "key",
    "password",
    "secret",
    "sig",
    "signature",
    "token",
    "x-amz-signature",
];

/// Says how requests are logged.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessLog {
    /// What a line looks like.
    format: LogFormat,
    /// The file that lines are added to, in a directory that is there. It may be moved aside or removed at any
    /// time: a new one is begun. If left out, lines go into the log of the program.
    #[serde(deserialize_with = "writable")]
    file: Option<FilePath>,
    /// What is shown of the query, of the address of the page before as well.
    query: LogQuery,
    /// With `query: all`, the parameters whose values are not shown, in whatever case.
    secret: Vec<String>,
}

/// Says what a line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// The Common Log Format, with the seconds and the meta id at the end.
    #[default]
    Common,
    /// The same with the page before and the client's program, as Apache and nginx have it.
    Combined,
    /// An object of JSON; in the log of the program, fields.
    Json,
}

/// Says what is shown of a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogQuery {
    /// The names of its parameters, with `***` for their values.
    #[default]
    Names,
    /// Nothing.
    None,
    /// All of it but for the values of the parameters that are `secret`.
    All,
}

impl Default for AccessLog {
    fn default() -> AccessLog {
        AccessLog {
            format: LogFormat::default(),
            file: None,
            query: LogQuery::default(),
            secret: SECRETS.map(str::to_owned).to_vec(),
        }
    }
}

impl AccessLog {
    /// Says what a line looks like; by default the Common Log Format.
    #[must_use]
    pub fn format(mut self, format: LogFormat) -> AccessLog {
        self.format = format;
        self
    }

    /// Writes lines to a file instead of the log of the program.
    #[must_use]
    pub fn file(mut self, path: impl Into<FilePath>) -> AccessLog {
        self.file = Some(path.into());
        self
    }

    /// Says what is shown of a query; by default the names of its parameters.
    #[must_use]
    pub fn query(mut self, query: LogQuery) -> AccessLog {
        self.query = query;
        self
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(FilePath::as_path)
    }

    pub(super) fn shape(&self) -> LogFormat {
        self.format
    }

    /// Returns what is shown of a query.
    pub(super) fn shown(&self, query: &str) -> Option<String> {
        let hide = |pair: &str| match pair.split_once('=') {
            Some((name, _)) if self.hides(name) => format!("{name}=***"),
            // Without a name it is all value.
            None if self.query == LogQuery::Names => "***".to_owned(),
            _ => pair.to_owned(),
        };
        match self.query {
            LogQuery::None => None,
            LogQuery::All | LogQuery::Names => {
                Some(query.split('&').map(hide).collect::<Vec<_>>().join("&"))
            }
        }
    }

    fn hides(&self, name: &str) -> bool {
        // Whoever wants to hide a name from the log may write it in another way.
        let plain = crate::query::decode(name);
        let is = |own: &String| {
            let plain = plain.as_deref().unwrap_or(name);
            own.eq_ignore_ascii_case(plain)
        };
        self.query == LogQuery::Names || self.secret.iter().any(is)
    }
}

/// Reads the path of a log, so that a mistake in it is found before the start.
fn writable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<FilePath>, D::Error> {
    let Some(file) = Option::<FilePath>::deserialize(from)? else {
        return Ok(None);
    };
    let path = file.as_path();
    let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
    let why = if path.is_dir() {
        "it is a directory"
    } else if parent.is_some_and(|parent| !parent.is_dir()) {
        "its directory does not exist"
    } else {
        return Ok(Some(file));
    };
    Err(de::Error::custom(format!(
        "`{}` cannot be the access log: {why}",
        path.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_query_are_not_shown() {
        let shown = |query| {
            let settings = AccessLog::default().query(query);
            settings.shown("a=1&Token=x&to%6ben=y&lonely&=z")
        };
        let names = shown(LogQuery::Names);
        assert_eq!(
            names.as_deref(),
            Some("a=***&Token=***&to%6ben=***&***&=***")
        );
        let all = shown(LogQuery::All);
        assert_eq!(all.as_deref(), Some("a=1&Token=***&to%6ben=***&lonely&=z"));
        assert_eq!(shown(LogQuery::None), None);
    }
}
