//! The actor that splits XML.

use std::sync::Arc;

use compysition_core::{Actor, Context, Error, Event, Ports, Result, Surroundings};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::made::LARGE;
use crate::parts::Parts;
use crate::{XPath, XmlError};

/// Makes an event of each element that an XPath expression leads to: a splitter for XML.
///
/// Each part is a child of the event, with its attributes and the element as its payload, in the order of the document;
/// `attributes.split` says its `index`, from 0 on, and the `count` of all. An element takes along the namespaces that are declared
/// around it. The parts are made as room allows, so that a large document does not become a large number of events at once; only
/// the document itself is in memory as a whole.
///
/// `join` with `by: split` makes one event of the parts again. An event in which the expression finds nothing goes to the outbox `empty` if that is
/// connected, and ends here if not. What is not well-formed is `malformed`; an expression that leads to
/// text, attributes or a value instead of elements is `unprocessable`.
///
/// Example: `xml_split: { select: /orders/order }`
///
/// Purpose: gather and split. Patterns: splitter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct XmlSplit {
    select: Arc<XPath>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The XPath expression that leads to the elements. Its prefixes are those of the flow's `namespaces`; without a
    /// prefix it finds the elements of the document's default namespace.
    select: String,
}

/// The outbox for events without parts.
const EMPTY: &str = "empty";

impl XmlSplit {
    /// Makes the actor with an expression.
    pub fn new(select: XPath) -> XmlSplit {
        XmlSplit {
            select: Arc::new(select),
        }
    }
}

impl TryFrom<Settings> for XmlSplit {
    type Error = XmlError;

    fn try_from(settings: Settings) -> Result<XmlSplit, XmlError> {
        let namespaces = Surroundings::current().namespaces;
        XPath::new(&settings.select, &namespaces).map(XmlSplit::new)
    }
}

impl Actor for XmlSplit {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let (payload, select) = (event.payload().clone(), self.select.clone());
        let parts = if payload.size() > LARGE {
            ctx.blocking(move || Parts::of(&payload, select)).await?
        } else {
            Parts::of(&payload, select)
        }?;
        let count = parts.len();
        if count == 0 {
            return match ctx.outboxes().any(|outbox| outbox == EMPTY) {
                true => ctx.send_to(EMPTY, event),
                false => Ok(()),
            };
        }
        let event = event.child(());
        ctx.send_all_except(
            EMPTY,
            parts.enumerate().map(move |(index, part)| {
                let split = json!({ "index": index, "count": count });
                Ok::<Event, Error>(event.child(part?).with_attribute("split", split))
            }),
        )
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop_unless(EMPTY)
    }
}
