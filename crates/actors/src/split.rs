//! One event becomes many.

use compysition_convert::Codec;
use compysition_core::{Actor, Context, Error, Event, Payload, Ports, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Makes an event of each part of an event: a splitter.
///
/// By default the parts are the items of the list that the payload is, or that stands at a path of the event (`list:
/// payload.items`). With `codec` they are the records of the payload: lines, JSON lines, the rows of CSV, the elements of XML
/// and so on, as `decode` reads them. The records are read as room allows, so that a large payload does not become a large
/// number of events at once.
///
/// Each part is a child of the event, with its attributes, and `attributes.split.index` from 0 on; for the items of a list also
/// `attributes.split.count`. What stands at the path and is no list is `unprocessable`. A record that cannot be read is `malformed`:
/// those before it stay sent, and the event takes the error path. `join` with `by: split` makes one event of the parts again.
///
/// An event without any part goes to the outbox `empty` if that is connected, and ends here if not.
///
/// Example: `split: { list: payload.items }`
///
/// Purpose: gather and split. Patterns: splitter.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Split {
    /// The path of the list; `payload` if left out.
    list: Option<String>,
    /// The codec by whose records the payload is split, instead of a list.
    codec: Option<Codec>,
}

impl Split {
    /// Makes an actor that splits the list that the payload is.
    pub fn new() -> Split {
        Split::default()
    }

    /// Splits the list at a path of the event.
    #[must_use]
    pub fn list(mut self, path: impl Into<String>) -> Split {
        self.list = Some(path.into());
        self
    }

    /// Splits the payload into the records of a codec.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Split {
        self.codec = Some(codec);
        self
    }
}

/// The outbox for events without parts.
const EMPTY: &str = "empty";

/// Sends an event on that has no parts, if somebody sees to those.
fn send_empty(event: Event, ctx: &Context) -> Result {
    match ctx.outboxes().any(|outbox| outbox == EMPTY) {
        true => ctx.send_to(EMPTY, event),
        false => Ok(()),
    }
}

/// Returns the list at a path.
fn list(event: &Event, path: &str) -> Result<Vec<Value>> {
    let found = match path {
        "payload" => Some(event.json()?.into_owned()),
        path => event.lookup(path),
    };
    let no_list = |what: &str| {
        let message = format!("there is {what} at `{path}`, and not a list to split");
        Err(Error::unprocessable(message))
    };
    match found {
        Some(Value::Array(items)) => Ok(items),
        Some(Value::Object(_)) => no_list("an object"),
        Some(Value::Null) | None => no_list("nothing"),
        Some(_) => no_list("a single value"),
    }
}

/// Makes a part: text of a text, JSON of all else.
fn part(of: &Event, value: Value, split: Value) -> Event {
    let payload = match value {
        Value::String(text) => Payload::from(text),
        other => Payload::from(other),
    };
    of.child(payload).with_attribute("split", split)
}

impl Actor for Split {
    async fn start(&mut self, _: &Context) -> Result {
        match (&self.list, &self.codec) {
            (Some(_), Some(_)) => Err(Error::internal(
                "`list` and `codec` are two ways to split; give one of them",
            )),
            _ => Ok(()),
        }
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let Some(codec) = &self.codec else {
            let items = list(&event, self.list.as_deref().unwrap_or("payload"))?;
            let count = items.len();
            if count == 0 {
                return send_empty(event, ctx);
            }
            let event = event.child(());
            let parts = items.into_iter().enumerate().map(move |(index, item)| {
                part(&event, item, json!({ "index": index, "count": count }))
            });
            return ctx.send_all_except(EMPTY, parts);
        };
        let mut decoder = match event.payload() {
            Payload::Bytes(_) => codec.decoder(usize::MAX),
            _ => codec.of_text().decoder(usize::MAX),
        };
        decoder.feed(event.bytes()?);
        decoder.end();
        let mut records = decoder.peekable();
        if records.peek().is_none() {
            return send_empty(event, ctx);
        }
        let event = event.child(());
        let parts = records.enumerate().map(move |(index, record)| {
            let part = event.child(record?);
            Ok::<Event, Error>(part.with_attribute("split", json!({ "index": index })))
        });
        ctx.send_all_except(EMPTY, parts)
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop_unless(EMPTY)
    }
}
