//! The engine of compysition: [`Event`]s travel between [`Actor`]s over links that never block, and every
//! event admitted to a flow settles exactly once.
//!
//! A [`Director`] composes actors into a flow; a [`Flow`] is a running one. See `ARCHITECTURE.md` for the
//! picture, and the `compysition` crate for the facade that most programs depend on.

mod actor;
mod alarm;
mod amplifier;
mod answer;
mod attributes;
mod best_effort;
mod byte_size;
mod cancel;
mod check;
mod context;
mod current;
mod desk;
mod director;
mod error;
mod error_kind;
mod event;
mod flow;
mod flow_error;
mod flow_state;
mod held;
mod id;
mod in_place;
mod inbox;
mod into_actor;
mod json;
mod keeper;
mod launch;
mod link;
mod load;
mod lot;
mod map;
mod parent;
mod path;
mod payload;
mod permits;
mod port;
mod pump;
mod receipt;
mod registry;
mod root;
mod runner;
mod settlement;
mod signals;
mod snapshot;
mod source;
mod spawner;
mod stage;
mod station;
mod time_span;
mod travel;
mod work;
mod xml;

pub mod testing;

pub use actor::{Actor, Tick};
pub use attributes::{Attributes, Extension};
pub use best_effort::{BestEffort, Overflow};
pub use byte_size::{ByteSize, ParseByteSizeError};
pub use context::Context;
pub use director::{Director, End, Ends, Node};
pub use error::{Error, ErrorKind, Failure, Result};
pub use error_kind::UnknownErrorKind;
pub use event::Event;
pub use flow::{Flow, Stopped};
pub use flow_error::{About, FlowError, Problem};
pub use held::Held;
pub use id::{Id, ParseIdError};
pub use into_actor::{Built, IntoActor, form};
pub use load::{FilePath, Surroundings};
pub use map::{Map, MapOutput, inspect, map};
pub use payload::{Json, Payload, Xml, XmlTree};
pub use permits::{Limits, Refusal};
pub use port::{Port, Ports};
pub use registry::{Kind, Registry};
pub use settlement::{Outcome, Request, Settlement, Unanswered};
pub use snapshot::{ActorSnapshot, LinkSnapshot, Snapshot};
pub use source::{Admission, Source};
pub use spawner::{Executor, Spawner, Task};
pub use time_span::{ParseTimeSpanError, TimeSpan};
