//! CloudEvents 1.0 over HTTP, in binary mode: the attributes of an event are headers, its payload is the body.
//!
//! | attribute | is |
//! |---|---|
//! | `id` | the event's id |
//! | `source`, `type`, `subject`, `dataschema` | those in the attribute `cloudevents`; else `/FLOW` and `compysition.event` |
//! | `time` | when the event was made, which its id tells |
//! | `metaid`, `rootid`, `service`, `traceparent`, `hops`, `deadline` | what they are in the flow; the deadline in milliseconds that are left |
//! | other extensions | those in the attribute `cloudevents` |

mod read;
mod value;
mod write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use read::Told;
pub(crate) use write::write;

/// What all names of headers begin with.
const PREFIX: &str = "ce-";

/// The attribute of an event that holds what it was told of it as a CloudEvent.
const ATTRIBUTE: &str = "cloudevents";

const VERSION: &str = "1.0";

/// How events are told as CloudEvents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum CloudEvents {
    /// Each attribute is a header `ce-…`, and the payload is the body.
    Binary,
}
