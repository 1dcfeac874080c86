//! A file of tests, as it is written.

use std::path::PathBuf;

use compysition_core::{Event, TimeSpan};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::content::Content;
use crate::expect::Expect;
use crate::mock::Mock;
use crate::one_or_many::{FromMap, OneOrMany, Pairs, TextOr, map_or_text};

/// The tests of a flow: a file `NAME.test.yaml` beside `NAME.yaml`. A flow file may have `tests` in it instead, and then only
/// those.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TestFile")]
pub struct TestFile<T = Case> {
    /// The flow file, from here; if left out, the one whose name this file has before `.test.yaml`.
    #[serde(default)]
    pub flow: Option<PathBuf>,
    /// The settings for all tests, unless they say otherwise.
    #[serde(default)]
    pub set: Pairs<Value>,
    /// The variables of the environment for all tests, also those that secrets are read from.
    #[serde(default)]
    pub environment: Pairs<String>,
    /// Who plays actors in all tests, unless they say otherwise.
    #[serde(default)]
    pub mock: Pairs<Mock>,
    /// The actors that reach outside in all tests as they do in earnest, by their names or kinds.
    #[serde(default)]
    pub real: OneOrMany<String>,
    /// The tests.
    pub tests: Vec<T>,
}

impl TestFile<IgnoredAny> {
    /// Puts the tests in.
    pub(crate) fn with(self, tests: Vec<Case>) -> TestFile {
        let TestFile {
            flow,
            set,
            environment,
            mock,
            real,
            tests: _,
        } = self;
        TestFile {
            flow,
            set,
            environment,
            mock,
            real,
            tests,
        }
    }
}

/// One test: a run of the flow. It has one part (`in`, `after`, `expect`) or several in order (`steps`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What holds, in words.
    pub name: String,
    /// The name of the flow, if its file has several.
    #[serde(default)]
    pub flow: Option<String>,
    /// Settings of the flow, as `--set` gives them. `{dir}` is a directory that is made for the test and goes away with it.
    #[serde(default)]
    pub set: Pairs<Value>,
    /// Variables of the environment, also those that secrets are read from; `{dir}` as in `set`.
    #[serde(default)]
    pub environment: Pairs<String>,
    /// Who plays actors that reach outside, by the name of the actor or of its kind.
    #[serde(default)]
    pub mock: Pairs<Mock>,
    /// The actors that reach outside in this test as they do in earnest, by their names or kinds; they may need `clock: real`.
    #[serde(default)]
    pub real: OneOrMany<String>,
    /// Files that are there before the flow starts, by their paths in `{dir}`.
    #[serde(default)]
    pub files: Pairs<String>,
    /// Whether a copy of the files beside the flow file runs, in `{dir}`, so that what it writes there does not stay.
    #[serde(default)]
    pub copy: bool,
    /// How time passes.
    #[serde(default)]
    pub clock: Clock,
    /// How long a step may take at most, in the time of the flow; an hour if left out.
    #[serde(default)]
    pub within: Option<TimeSpan>,
    /// What goes in, one after the other; the next when the last is done.
    #[serde(default, rename = "in")]
    pub input: OneOrMany<Input>,
    /// How long the flow is left to itself then.
    #[serde(default)]
    pub after: Option<TimeSpan>,
    /// What is to have come of it.
    #[serde(default)]
    pub expect: Expect,
    /// More parts, each with its `in`, `after` and `expect`, of which the latter sees only what came since the last.
    #[serde(default)]
    pub steps: Vec<Part>,
    /// What is to have come of all, when the flow has been stopped and what actors held is flushed.
    #[serde(default)]
    pub finally: Expect,
}

impl Case {
    /// Returns whether anything is expected, so that the test can fail.
    pub(crate) fn can_fail(&self) -> bool {
        let parts = self.steps.iter().map(|part| &part.expect);
        let mut all = parts.chain([&self.expect, &self.finally]);
        all.any(Expect::is_there)
    }
}

/// One part of a test.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Part {
    /// What it is about, in words.
    pub name: Option<String>,
    /// What goes in, one after the other; the next when the last is done.
    #[serde(rename = "in")]
    pub input: OneOrMany<Input>,
    /// How long the flow is left to itself then.
    pub after: Option<TimeSpan>,
    /// What is to have come of it.
    pub expect: Expect,
}

impl Part {
    /// Returns whether it says anything.
    pub(crate) fn is_there(&self) -> bool {
        !self.input.0.is_empty() || self.after.is_some() || self.expect.is_there()
    }
}

/// How time passes in a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// It stands still, and jumps to the next timer whenever nothing else is to be done.
    #[default]
    Stopped,
    /// As it does: for flows that talk to something outside.
    Real,
}

/// What goes into a flow: a request, or events.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// A request to the flow's HTTP server, which does with it all that it would do, but on no network.
    pub http: Option<Request>,
    /// Events by where they enter: `ACTOR.INBOX`, `ACTOR` for its first inbox, or a source, for which they stand in.
    pub events: Pairs<OneOrMany<EventIn>>,
}

/// An HTTP request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The actor that is asked, if the flow has several servers.
    #[serde(default)]
    pub door: Option<String>,
    /// The method; POST if there is a body, else GET.
    #[serde(default)]
    pub method: Option<String>,
    /// The path, with its query.
    #[serde(default = "root")]
    pub path: String,
    /// The headers.
    #[serde(default)]
    pub headers: Pairs<String>,
    /// The body: text, or `json` or `xml`, which bring a content type if no header gives one.
    #[serde(default)]
    pub body: Sent,
}

fn root() -> String {
    "/".into()
}

/// The body of a request: a text alone, or one of the forms of a payload.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(with = "TextOr<Content>")]
pub struct Sent(pub(crate) Content);

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Sent, D::Error> {
        map_or_text(from, |text| {
            Sent(Content {
                text: Some(text),
                ..Content::default()
            })
        })
    }
}

impl<'de> FromMap<'de> for Sent {
    fn from_map<D: Deserializer<'de>>(from: D) -> Result<Sent, D::Error> {
        Content::deserialize(from).map(Sent)
    }
}

/// An event that enters a flow: a text alone, or these.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(with = "TextOr<EventFields>")]
pub struct EventIn(EventFields);

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct EventFields {
    /// A payload of text.
    text: Option<String>,
    /// A payload of JSON.
    json: Option<Value>,
    /// A payload of XML.
    xml: Option<String>,
    /// Attributes.
    attributes: Pairs<Value>,
    /// The service that it is for.
    service: Option<String>,
    /// The id that logs show.
    meta_id: Option<String>,
}

impl<'de> Deserialize<'de> for EventIn {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<EventIn, D::Error> {
        map_or_text(from, |text| {
            EventIn(EventFields {
                text: Some(text),
                ..EventFields::default()
            })
        })
    }
}

impl<'de> FromMap<'de> for EventIn {
    fn from_map<D: Deserializer<'de>>(from: D) -> Result<EventIn, D::Error> {
        EventFields::deserialize(from).map(EventIn)
    }
}

impl EventIn {
    /// Makes the event.
    pub(crate) fn event(&self) -> Event {
        let EventFields {
            text,
            json,
            xml,
            attributes,
            service,
            meta_id,
        } = self.0.clone();
        let mut event = Event::new(Content { text, json, xml }.payload());
        for (name, value) in attributes.0 {
            event.set_attribute(name, value);
        }
        if let Some(service) = service {
            event.set_service(service);
        }
        if let Some(meta_id) = meta_id {
            event.set_meta_id(meta_id);
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_test_file_is_described() {
        let schema = schemars::schema_for!(TestFile).to_value();
        let mut count = 0;
        let mut described = |properties: &serde_json::Map<String, Value>| {
            for (name, property) in properties {
                // What is expected of a flow is told as a whole.
                let is_told = property.get("description").is_some()
                    || ["answer", "files", "output", "log"].contains(&name.as_str());
                assert!(is_told, "{name}: {property}");
                count += 1;
            }
        };
        let definitions = schema["$defs"].as_object().unwrap().values();
        for one in definitions.chain([&schema]) {
            if let Some(properties) = one["properties"].as_object() {
                described(properties);
            }
        }
        assert!(count > 50, "{count}");
    }
}
