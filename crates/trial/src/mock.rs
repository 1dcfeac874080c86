//! Who plays an actor in a test.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use compysition_core::{Actor, Context, Error, ErrorKind, Event, Payload, Ports, Result, TimeSpan};
use parking_lot::Mutex;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::content::Content;
use crate::one_or_many::Pairs;

/// Plays an actor: `discard` ends what comes, `pass` sends it on as it is; a reply is what each event is answered with, a list
/// what the first, the second and so on is, of which there may be no more.
#[derive(Clone, Debug)]
pub enum Mock {
    /// Ends all that comes.
    Discard,
    /// Sends all on as it came.
    Pass,
    /// Does the same with each event.
    Each(Box<Reply>),
    /// Does this with the events, one after the other.
    Script(Vec<Reply>),
}

/// What is done with an event: it is answered, or fails.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    /// What is sent on.
    pub answer: Option<Made>,
    /// How it fails.
    pub error: Option<Failing>,
    /// How long it takes, in the time of the flow.
    pub delay: Option<TimeSpan>,
    /// The outbox; every one if left out.
    pub outbox: Option<String>,
}

/// What a mock makes of an event, which else stays as it is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Made {
    /// A payload of text.
    pub text: Option<String>,
    /// A payload of JSON.
    pub json: Option<Value>,
    /// A payload of XML.
    pub xml: Option<String>,
    /// What stands at paths of the event: `attributes.color`, `http.status`.
    pub set: Pairs<Value>,
}

/// How a mock fails.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// The kind of the error.
    pub kind: ErrorKind,
    /// Its message.
    #[serde(default)]
    pub message: Option<String>,
    /// What else it says.
    #[serde(default)]
    pub details: Pairs<Value>,
}

impl<'de> Deserialize<'de> for Mock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Mock, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Mock;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`discard`, `pass`, a reply or a list of replies")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Mock, E> {
                match text {
                    "discard" => Ok(Mock::Discard),
                    "pass" => Ok(Mock::Pass),
                    other => Err(E::unknown_variant(other, &["discard", "pass"])),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mock, A::Error> {
                let reply = Reply::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Mock::Each(Box::new(reply)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Mock, A::Error> {
                let mut replies = Vec::new();
                while let Some(reply) = list.next_element()? {
                    replies.push(reply);
                }
                Ok(Mock::Script(replies))
            }
        }

        from.deserialize_any(Any)
    }
}

impl JsonSchema for Mock {
    fn schema_name() -> Cow<'static, str> {
        "Mock".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let reply = generator.subschema_for::<Reply>();
        let script = generator.subschema_for::<Vec<Reply>>();
        schemars::json_schema!({
            "description": "discard, pass, what each event is answered with, or a list of that.",
            "anyOf": [{ "enum": ["discard", "pass"] }, reply, script],
        })
    }
}

/// The actor that plays another one. All instances and later ones share what is left of the script.
pub(crate) struct Player {
    mock: Mock,
    left: Arc<Mutex<VecDeque<Reply>>>,
    ports: Ports,
}

impl Player {
    /// Prepares players of a role with the ports of the actor whose it is.
    pub(crate) fn factory(mock: Mock, ports: Ports) -> impl FnMut() -> Player + Send + 'static {
        let script = match &mock {
            Mock::Script(replies) => replies.iter().cloned().collect(),
            _ => VecDeque::new(),
        };
        let left = Arc::new(Mutex::new(script));
        let ports = ports.sink().may_drop();
        move || Player {
            mock: mock.clone(),
            left: left.clone(),
            ports: ports.clone(),
        }
    }
}

impl Actor for Player {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let reply = match &self.mock {
            Mock::Discard => return Ok(()),
            Mock::Pass => return ctx.send(event),
            Mock::Each(reply) => (**reply).clone(),
            Mock::Script(_) => self.left.lock().pop_front().ok_or_else(|| {
                Error::internal(
                    "the mock has nothing more to say: more events came than it has replies",
                )
            })?,
        };
        if let Some(TimeSpan(delay)) = reply.delay {
            tokio::time::sleep(delay).await;
        }
        if let Some(failing) = reply.error {
            return Err(failing.error());
        }
        let event = match reply.answer {
            Some(made) => made.of(event)?,
            None => event,
        };
        match reply.outbox {
            Some(outbox) => ctx.send_to(outbox, event),
            None => ctx.send(event),
        }
    }

    fn ports(&self) -> Ports {
        self.ports.clone()
    }
}

impl Failing {
    fn error(self) -> Error {
        let message = self.message.unwrap_or_else(|| "the mock fails".into());
        let error = Error::new(self.kind, message);
        let details = self.details.0.into_iter();
        details.fold(error, |error, (name, value)| error.with_detail(name, value))
    }
}

impl Made {
    fn of(self, mut event: Event) -> Result<Event> {
        let Made {
            text,
            json,
            xml,
            set,
        } = self;
        match (Content { text, json, xml }).payload() {
            Payload::Empty => {}
            payload => event.set_payload(payload),
        }
        for (path, value) in set.0 {
            event.set_path(&path, value)?;
        }
        Ok(event)
    }
}
