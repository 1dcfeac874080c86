//! What nobody may read.

use std::borrow::Cow;

use compysition_core::{Event, Json, Payload, Result, Xml};
use regex::bytes::{Captures, Regex};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::set_path::SetPath;

const REPLACEMENT: &str = "REDACTED";

/// Makes secrets unreadable: in texts by patterns, in values by their paths. It is what the actor
/// [`Redact`](crate::Redact) does, and an option of those that write events down.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Redaction {
    patterns: Vec<Regex>,
    paths: Vec<SetPath>,
    replacement: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Regular expressions. What their groups match in the text of the payload is replaced; where a
    /// pattern has no group, all that it matches: `password=(\S+)` leaves `password=`.
    patterns: Vec<String>,
    /// The paths of values that are replaced as a whole: `payload.card`, `attributes.token`,
    /// `http.headers.authorization`.
    paths: Vec<String>,
    /// What stands there instead.
    replacement: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            patterns: Vec::new(),
            paths: Vec::new(),
            replacement: REPLACEMENT.to_owned(),
        }
    }
}

impl Default for Redaction {
    fn default() -> Redaction {
        Redaction {
            patterns: Vec::new(),
            paths: Vec::new(),
            replacement: REPLACEMENT.to_owned(),
        }
    }
}

impl TryFrom<Settings> for Redaction {
    type Error = String;

    fn try_from(settings: Settings) -> Result<Redaction, String> {
        if settings.patterns.is_empty() && settings.paths.is_empty() {
            return Err("give `patterns` or `paths`, or nothing is redacted".to_owned());
        }
        let patterns = settings.patterns.iter().map(|pattern| compiled(pattern));
        let paths = settings.paths.iter().map(|path| parsed(path));
        Ok(Redaction {
            patterns: patterns.collect::<Result<_, _>>()?,
            paths: paths.collect::<Result<_, _>>()?,
            replacement: settings.replacement,
        })
    }
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| match error {
        // The message draws the pattern and points at the mistake, over several lines.
        regex::Error::Syntax(drawing) => {
            let reason = drawing.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ");
            format!("the pattern `{pattern}` is no regular expression: {reason}")
        }
        other => format!("the pattern `{pattern}` cannot be used: {other}"),
    })
}

fn parsed(path: &str) -> Result<SetPath, String> {
    let parsed = path.parse().and_then(SetPath::removable);
    parsed.map_err(|error| error.to_string())
}

impl Redaction {
    /// Redacts what the groups of a pattern match in texts, or all of the match if there is no group.
    ///
    /// # Errors
    /// If it is no regular expression.
    pub fn pattern(mut self, pattern: &str) -> Result<Redaction> {
        let pattern = compiled(pattern).map_err(compysition_core::Error::internal)?;
        self.patterns.push(pattern);
        Ok(self)
    }

    /// Redacts all that stands at a path.
    ///
    /// # Errors
    /// If it is no path that can be set.
    pub fn path(mut self, path: &str) -> Result<Redaction> {
        self.paths.push(path.parse::<SetPath>()?.removable()?);
        Ok(self)
    }

    /// Returns a text without what must not be read.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        }
    }

    /// Takes out of an event what must not be read.
    ///
    /// # Errors
    /// Malformed, if a path leads into a payload of JSON that cannot be read: what stands there is not known.
    pub fn event(&self, mut event: Event) -> Result<Event> {
        for path in &self.paths {
            if path.as_str().starts_with("payload.")
                && let Payload::Json(json) = event.payload()
            {
                json.value()?;
            }
            match path.as_str() {
                "payload" => event.set_payload(self.replacement.as_str()),
                path if event.lookup(path).is_some() => {
                    event.set_path(path, self.replacement.as_str())?;
                }
                _ => {}
            }
        }
        if let Some(payload) = self.payload(event.payload())? {
            event.set_payload(payload);
        }
        Ok(event)
    }

    /// Returns what a payload becomes, if anything in it must not be read.
    fn payload(&self, payload: &Payload) -> Result<Option<Payload>> {
        if self.patterns.is_empty() {
            return Ok(None);
        }
        let Cow::Owned(bytes) = self.bytes(payload.bytes()?) else {
            return Ok(None);
        };
        if let Payload::Bytes(_) = payload {
            return Ok(Some(bytes.into()));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Some(match payload {
            Payload::Xml(_) => Xml::from_text(text).into(),
            Payload::Json(_) if serde_json::from_str::<IgnoredAny>(&text).is_ok() => {
                Json::from_text(text).into()
            }
            _ => text.into(),
        }))
    }

    fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut bytes = Cow::Borrowed(bytes);
        for pattern in &self.patterns {
            let replaced = pattern.replace_all(&bytes, |found: &Captures<'_>| self.replace(found));
            if let Cow::Owned(replaced) = replaced {
                bytes = Cow::Owned(replaced);
            }
        }
        bytes
    }

    /// Returns a match with its groups replaced; of nested groups the outer one counts.
    fn replace(&self, found: &Captures<'_>) -> Vec<u8> {
        let whole = found.get_match();
        if found.len() == 1 {
            return self.replacement.clone().into_bytes();
        }
        let mut made = Vec::new();
        let mut at = whole.start();
        let mut groups: Vec<_> = found.iter().skip(1).flatten().collect();
        groups.sort_by_key(|group| group.start());
        for group in groups {
            if group.start() < at {
                continue;
            }
            made.extend(&whole.as_bytes()[at - whole.start()..group.start() - whole.start()]);
            made.extend(self.replacement.as_bytes());
            at = group.end();
        }
        made.extend(&whole.as_bytes()[at - whole.start()..]);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_replaced_and_the_rest_stays() {
        for (pattern, text, made) in [
            (r"password=(\S+)", "a password=x y", "a password=REDACTED y"),
            (r"\d{4}", "1234 and 5678", "REDACTED and REDACTED"),
            ("a=(.)|b=(.)", "a=1 b=2", "a=REDACTED b=REDACTED"),
            ("((a)b)(c)?", "abc ab", "REDACTEDREDACTED REDACTED"),
            ("x(y)*", "x xyy", "x xyREDACTED"),
            ("(?:no)(ne)?", "no", "no"),
            ("é(.)", "éü", "éREDACTED"),
        ] {
            let redaction = Redaction::default().pattern(pattern).unwrap();
            assert_eq!(redaction.text(text), made, "{pattern}");
        }
    }
}
