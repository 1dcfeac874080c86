//! What is to come out of a flow.

use std::borrow::Cow;
use std::fmt;

use compysition_core::{ErrorKind, Event, Failure};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::content::{Body, BodyFields, Difference, subset};
use crate::one_or_many::{FromMap, OneOrMany, Pairs, TextOr, map_or_text};
use crate::pattern::Pattern;

/// What is to have come of what went in. Beside the keys below, each key is the name of an actor (or of `reply`), and its
/// value all events that are to have reached it, in order; `ACTOR.PORT` are those that came in at this inbox, or went out at
/// this outbox; `ACTOR.error` those that failed there. What has no key may be as it likes.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// What the last request is answered with.
    pub answer: Option<Answer>,
    /// What the files in `{dir}` are to have, by their paths.
    pub files: Pairs<Body>,
    /// What the actors of the kind `stdout` are to have printed.
    pub output: Option<Body>,
    /// What the flow's log is to have.
    pub log: Option<Body>,
    /// The events that are to have reached actors, or passed ports.
    pub events: Pairs<OneOrMany<EventMatch>>,
}

impl Expect {
    /// Returns whether anything is expected.
    pub(crate) fn is_there(&self) -> bool {
        let Expect {
            answer,
            files,
            output,
            log,
            events,
        } = self;
        answer.is_some()
            || output.is_some()
            || log.is_some()
            || !files.0.is_empty()
            || !events.0.is_empty()
    }
}

/// The keys of [`Expect`] that name no actor.
pub(crate) const KEYS: [&str; 4] = ["answer", "files", "output", "log"];

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Expect, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Expect;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of what is expected")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expect, A::Error> {
                let mut expect = Expect::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "answer" => expect.answer = Some(map.next_value()?),
                        "files" => expect.files = map.next_value()?,
                        "output" => expect.output = Some(map.next_value()?),
                        "log" => expect.log = Some(map.next_value()?),
                        _ => expect.events.0.push((key, map.next_value()?)),
                    }
                }
                Ok(expect)
            }

            fn visit_unit<E>(self) -> Result<Expect, E> {
                Ok(Expect::default())
            }
        }

        from.deserialize_map(All)
    }
}

impl JsonSchema for Expect {
    fn schema_name() -> Cow<'static, str> {
        "Expect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let answer = generator.subschema_for::<Answer>();
        let files = generator.subschema_for::<Pairs<Body>>();
        let body = generator.subschema_for::<Body>();
        let events = generator.subschema_for::<OneOrMany<EventMatch>>();
        schemars::json_schema!({
            "type": "object",
            "description": "What is to have come of what went in; other keys name actors, or ACTOR.PORT.",
            "properties": { "answer": answer, "files": files, "output": body, "log": body },
            "additionalProperties": events,
        })
    }
}

/// What a request is to be answered with.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// The status.
    pub status: Option<u16>,
    /// Headers, each with this value; an empty one is not to be there.
    pub headers: Pairs<String>,
    /// The body.
    pub body: Option<Body>,
}

/// What an event is to be: a text alone, or these, of which all must hold.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(with = "TextOr<EventMatchFields>")]
pub struct EventMatch(pub(crate) EventMatchFields);

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EventMatchFields {
    /// A payload that is this text. Line ends after it do not count, nor does how lines end.
    pub(crate) text: Option<String>,
    /// A payload that is this JSON.
    pub(crate) json: Option<Value>,
    /// A payload of JSON in which at least this is found.
    pub(crate) json_subset: Option<Value>,
    /// A payload that is this XML.
    pub(crate) xml: Option<String>,
    /// A payload in whose text this regular expression is found.
    pub(crate) regex: Option<Pattern>,
    /// A payload in whose text this is found.
    pub(crate) contains: Option<String>,
    /// No payload at all.
    pub(crate) empty: Option<bool>,
    /// At least these attributes.
    pub(crate) attributes: Option<Value>,
    /// The service that it is for.
    pub(crate) service: Option<String>,
    /// The id that logs show.
    pub(crate) meta_id: Option<String>,
    /// The error that it is marked with.
    pub(crate) error: Option<ErrorMatch>,
}

/// The error that an event is to be marked with.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ErrorMatch {
    /// Its kind.
    pub kind: Option<ErrorKind>,
    /// What is found in its message.
    pub message: Option<String>,
    /// The actor that failed.
    pub actor: Option<String>,
}

impl<'de> Deserialize<'de> for EventMatch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<EventMatch, D::Error> {
        map_or_text(from, |text| {
            EventMatch(EventMatchFields {
                text: Some(text),
                ..EventMatchFields::default()
            })
        })
    }
}

impl<'de> FromMap<'de> for EventMatch {
    fn from_map<D: Deserializer<'de>>(from: D) -> Result<EventMatch, D::Error> {
        EventMatchFields::deserialize(from).map(EventMatch)
    }
}

impl EventMatch {
    /// Returns the expectation as files have it.
    pub(crate) fn written(&self) -> Value {
        let own = &self.0;
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let regex = own.regex.as_ref().map(|regex| regex.as_str().into());
        written([
            ("text", text(&own.text)),
            ("json", own.json.clone()),
            ("json_subset", own.json_subset.clone()),
            ("xml", text(&own.xml)),
            ("regex", regex),
            ("contains", text(&own.contains)),
            ("empty", own.empty.map(Value::from)),
            ("attributes", own.attributes.clone()),
            ("service", text(&own.service)),
            ("meta_id", text(&own.meta_id)),
            ("error", own.error.as_ref().map(ErrorMatch::written)),
        ])
    }

    /// Compares an event with what is expected.
    pub(crate) fn check(&self, event: &Event) -> Vec<Difference> {
        let own = &self.0;
        let body = BodyFields {
            text: own.text.clone(),
            json: own.json.clone(),
            json_subset: own.json_subset.clone(),
            xml: own.xml.clone(),
            regex: own.regex.clone(),
            contains: own.contains.clone(),
            empty: own.empty,
        };
        let payload = event.payload().bytes().unwrap_or_default();
        let mut found = body.check(payload);
        if let Some(wanted) = &own.attributes {
            found.extend(subset("attributes", wanted, &event.attributes().to_value()));
        }
        let mut same = |key: &'static str, wanted: Option<&str>, got: &str| {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != got) {
                found.push(Difference {
                    key,
                    expected: wanted.to_owned(),
                    got: got.to_owned(),
                    would_hold: Some(got.into()),
                });
            }
        };
        same("service", own.service.as_deref(), event.service());
        same("meta_id", own.meta_id.as_deref(), &event.meta_id());
        if let Some(wanted) = &own.error {
            found.extend(wanted.check(event));
        }
        found
    }
}

impl ErrorMatch {
    fn written(&self) -> Value {
        written([
            ("kind", self.kind.map(|kind| kind.as_str().into())),
            ("message", self.message.clone().map(Value::from)),
            ("actor", self.actor.clone().map(Value::from)),
        ])
    }

    fn check(&self, event: &Event) -> Option<Difference> {
        let failure = event.error();
        let error = failure.map(|failure| &failure.error);
        let kind = |kind: &ErrorKind| error.is_some_and(|error| error.kind() == *kind);
        let message =
            |text: &String| error.is_some_and(|error| error.message().contains(text.as_str()));
        let actor = |name: &String| failure.is_some_and(|failure| *failure.actor == **name);
        let holds = failure.is_some()
            && self.kind.as_ref().is_none_or(kind)
            && self.message.as_ref().is_none_or(message)
            && self.actor.as_ref().is_none_or(actor);
        let line = |kind: &str, actor: &str, message: &str| format!("{kind} in {actor}: {message}");
        (!holds).then(|| Difference {
            key: "error",
            expected: line(
                self.kind.map_or("an error", ErrorKind::as_str),
                self.actor.as_deref().unwrap_or("…"),
                self.message.as_deref().unwrap_or("…"),
            ),
            got: match failure {
                Some(failure) => line(
                    failure.error.kind().as_str(),
                    &failure.actor,
                    failure.error.message(),
                ),
                None => "no error".into(),
            },
            would_hold: failure.map(failed_as_expected),
        })
    }
}

/// Returns an object of those that are there.
fn written<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members.into_iter();
    let members = members.filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(members.collect())
}

/// Returns what an error would have to be expected as.
pub(crate) fn failed_as_expected(failure: &Failure) -> Value {
    serde_json::json!({
        "kind": failure.error.kind().as_str(),
        "message": failure.error.message(),
        "actor": &*failure.actor,
    })
}
