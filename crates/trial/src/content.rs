//! Payloads as test files write them: what goes in, and what is to come out.

use std::borrow::Cow;

use compysition_core::{Json, Payload, Xml};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::one_or_many::{FromMap, TextOr, map_or_text};
use crate::pattern::Pattern;
use crate::xml;

/// A payload that goes in, or that a mock sends: a text alone, or one of these.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Content {
    /// Text.
    pub text: Option<String>,
    /// JSON.
    pub json: Option<Value>,
    /// XML, as text.
    pub xml: Option<String>,
}

impl Content {
    /// Returns the payload.
    pub fn payload(&self) -> Payload {
        match (&self.text, &self.json, &self.xml) {
            (Some(text), ..) => Payload::Text(text.as_str().into()),
            (_, Some(json), _) => Payload::Json(Json::from_value(json.clone())),
            (.., Some(xml)) => Payload::Xml(Xml::from_text(xml.as_str())),
            _ => Payload::Empty,
        }
    }
}

/// What a payload, a body or a file is to be: a text alone, or these, of which all must hold.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(with = "TextOr<BodyFields>")]
pub struct Body(pub(crate) BodyFields);

/// The ways to say what is expected.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BodyFields {
    /// This text. Line ends after it do not count, nor does how lines end.
    pub text: Option<String>,
    /// This JSON, however it is laid out.
    pub json: Option<Value>,
    /// JSON in which at least this is found: objects may have more members; lists are as long as here.
    pub json_subset: Option<Value>,
    /// This XML: prefixes, the order of attributes, comments and white space between elements do not count.
    pub xml: Option<String>,
    /// Text in which this regular expression is found.
    pub regex: Option<Pattern>,
    /// Text in which this is found.
    pub contains: Option<String>,
    /// Nothing at all.
    pub empty: Option<bool>,
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Body, D::Error> {
        map_or_text(from, |text| {
            Body(BodyFields {
                text: Some(text),
                ..BodyFields::default()
            })
        })
    }
}

impl<'de> FromMap<'de> for Body {
    fn from_map<D: Deserializer<'de>>(from: D) -> Result<Body, D::Error> {
        BodyFields::deserialize(from).map(Body)
    }
}

/// How something differs from what was expected.
pub(crate) struct Difference {
    /// The key in the test file whose value does not hold.
    pub(crate) key: &'static str,
    pub(crate) expected: String,
    pub(crate) got: String,
    /// What would hold in its place.
    pub(crate) would_hold: Option<Value>,
}

impl BodyFields {
    /// Compares bytes with what is expected.
    pub(crate) fn check(&self, got: &[u8]) -> Vec<Difference> {
        let text = String::from_utf8_lossy(got);
        [
            self.text
                .as_ref()
                .and_then(|wanted| same_text(wanted, &text)),
            self.json
                .as_ref()
                .and_then(|wanted| same_json(wanted, &text)),
            self.json_subset
                .as_ref()
                .and_then(|wanted| has_json(wanted, &text)),
            self.xml.as_ref().and_then(|wanted| same_xml(wanted, &text)),
            self.regex
                .as_ref()
                .and_then(|wanted| matches(wanted, &text)),
            self.contains
                .as_ref()
                .filter(|wanted| !text.contains(wanted.as_str()))
                .map(|wanted| {
                    differs(
                        "contains",
                        format!("… {wanted} …"),
                        text.clone().into(),
                        None,
                    )
                }),
            (self.empty == Some(true) && !got.is_empty()).then(|| {
                differs(
                    "empty",
                    String::new(),
                    text.clone().into(),
                    Some(false.into()),
                )
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn differs(
    key: &'static str,
    expected: String,
    got: String,
    would_hold: Option<Value>,
) -> Difference {
    Difference {
        key,
        expected,
        got,
        would_hold,
    }
}

/// Leaves out what nobody sees: line feeds at the end, and carriage returns before others.
fn visible(text: &str) -> String {
    text.trim_end_matches(['\r', '\n']).replace("\r\n", "\n")
}

fn same_text(wanted: &str, got: &str) -> Option<Difference> {
    let (wanted, got) = (visible(wanted), visible(got));
    let would_hold = Some(got.as_str().into());
    (wanted != got).then(|| differs("text", wanted, got, would_hold))
}

fn same_json(wanted: &Value, got: &str) -> Option<Difference> {
    match serde_json::from_str::<Value>(got) {
        Ok(value) if equal(wanted, &value) => None,
        Ok(value) => Some(differs("json", pretty(wanted), pretty(&value), Some(value))),
        Err(error) => Some(differs("json", pretty(wanted), no_json(got, &error), None)),
    }
}

fn has_json(wanted: &Value, got: &str) -> Option<Difference> {
    match serde_json::from_str::<Value>(got) {
        Ok(value) => subset("json_subset", wanted, &value),
        Err(error) => Some(differs(
            "json_subset",
            pretty(wanted),
            no_json(got, &error),
            None,
        )),
    }
}

/// Compares only what is expected of a value.
pub(crate) fn subset(key: &'static str, wanted: &Value, got: &Value) -> Option<Difference> {
    let pruned = prune(wanted, got).into_owned();
    (!equal(wanted, &pruned)).then(|| differs(key, pretty(wanted), pretty(&pruned), Some(pruned)))
}

fn no_json(got: &str, error: &serde_json::Error) -> String {
    format!("{got}\n(this is no JSON: {error})")
}

fn pretty(value: &Value) -> String {
    // A value without keys that are no text can be written.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Compares values; the order of members does not count, and 1 is 1.0.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(name, a): (&String, &Value)| b.get(name).is_some_and(|b| equal(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        (a, b) => a == b,
    }
}

/// Leaves out of a value what nothing is expected of.
pub(crate) fn prune<'a>(wanted: &Value, got: &'a Value) -> Cow<'a, Value> {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            let member = |(name, wanted): (&String, &Value)| {
                let got = got.get(name)?;
                Some((name.clone(), prune(wanted, got).into_owned()))
            };
            Cow::Owned(Value::Object(wanted.iter().filter_map(member).collect()))
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            let items = wanted.iter().zip(got);
            let items = items.map(|(wanted, got)| prune(wanted, got).into_owned());
            Cow::Owned(Value::Array(items.collect()))
        }
        _ => Cow::Borrowed(got),
    }
}

fn same_xml(wanted: &str, got: &str) -> Option<Difference> {
    let expected = match xml::canonical(wanted) {
        Ok(expected) => expected,
        Err(error) => {
            let message = format!("{wanted}\n(this is no XML: {error})");
            return Some(differs("xml", message, got.into(), None));
        }
    };
    match xml::canonical(got) {
        Ok(canonical) if canonical == expected => None,
        Ok(canonical) => {
            let would_hold = Some(visible(got).into());
            Some(differs(
                "xml",
                expected.join("\n"),
                canonical.join("\n"),
                would_hold,
            ))
        }
        Err(error) => {
            let message = format!("{got}\n(this is no XML: {error})");
            Some(differs("xml", expected.join("\n"), message, None))
        }
    }
}

fn matches(wanted: &Pattern, got: &str) -> Option<Difference> {
    let wanted = Some(wanted).filter(|wanted| !wanted.is_found_in(got))?;
    let expected = format!("/{}/", wanted.as_str());
    Some(differs("regex", expected, got.into(), None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(fields: BodyFields, got: &str) -> bool {
        fields.check(got.as_bytes()).is_empty()
    }

    #[test]
    fn what_is_expected_may_say_less_than_all() {
        let subset = |wanted: Value| BodyFields {
            json_subset: Some(wanted),
            ..BodyFields::default()
        };
        let got = r#"{"a": {"b": 1, "c": [1, {"d": 2, "e": 3}]}, "f": 4}"#;
        assert!(holds(subset(json!({"a": {"b": 1.0}})), got));
        assert!(holds(subset(json!({"a": {"c": [1, {"e": 3}]}})), got));
        assert!(!holds(subset(json!({"a": {"c": [1]}})), got));
        assert!(!holds(subset(json!({"g": null})), got));
        let wrong = subset(json!({"a": {"b": 2}})).check(got.as_bytes());
        assert_eq!(wrong[0].would_hold, Some(json!({"a": {"b": 1}})));
    }

    #[test]
    fn all_ways_must_hold() {
        let body = BodyFields {
            regex: Some("^a".into()),
            contains: Some("b".into()),
            ..BodyFields::default()
        };
        assert!(holds(body.clone(), "ab"));
        assert!(!holds(body.clone(), "a"));
        assert!(!holds(body, "ba"));
        let text = BodyFields {
            text: Some("a\n".into()),
            ..BodyFields::default()
        };
        assert!(holds(text.clone(), "a"));
        assert!(holds(text.clone(), "a\r\n\n"));
        assert!(!holds(text, "a \n"));
    }
}
