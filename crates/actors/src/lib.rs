//! The actors of compysition that need nothing but its core, its expressions and its conversions.
//!
//! * [`EventGenerator`] makes events at regular times;
//! * [`Stdout`] prints events;
//! * [`EventLog`] writes a record to the log for each event;
//! * [`Discard`] ends events;
//! * [`XmlToJson`] and [`JsonToXml`] convert payloads;
//! * [`Set`] sets attributes, payloads and the like, [`Template`] makes payloads from a template;
//! * [`Decode`] and [`Encode`] read and write lines, CSV, MessagePack and more;
//! * [`Router`], [`Filter`], [`ServiceRouter`] and [`RoundRobin`] choose where events go, [`Throttle`] how fast;
//! * [`Split`] makes many events of one, [`Batch`] one of many, [`Join`] unites what went several ways;
//! * [`Cache`] remembers what was made;
//! * [`Watchdog`] tells when events stay away;
//! * [`Redact`] makes secrets unreadable;
//! * [`Recover`] takes the mark of its error off an event;
//! * [`DeadLetters`] stores failed events as [`Letter`]s;
//! * [`Door`] lets a program or a test send events through a flow and get the answers.

mod batch;
mod by_group;
mod by_key;
mod cache;
mod codec_setting;
mod dead_letters;
mod decode;
mod discard;
mod door;
mod encode;
mod event_generator;
mod event_log;
mod filter;
mod join;
mod json_to_xml;
mod large;
mod letter;
mod letter_file;
mod line_writer;
mod merge;
mod pace;
mod recover;
mod redact;
mod redaction;
mod remembered;
mod round_robin;
mod router;
mod routes;
mod rules;
mod service_router;
mod set;
mod set_path;
mod split;
mod stdout;
mod template;
mod throttle;
mod watchdog;
mod xml_to_json;

pub use batch::Batch;
pub use cache::Cache;
pub use dead_letters::DeadLetters;
pub use decode::Decode;
pub use discard::Discard;
pub use door::{AskError, Door, DoorHandle};
pub use encode::Encode;
pub use event_generator::EventGenerator;
pub use event_log::{EventLog, Level};
pub use filter::Filter;
pub use join::{By, Join, OnTimeout};
pub use json_to_xml::JsonToXml;
pub use letter::{Content, Letter};
pub use letter_file::replayed;
pub use merge::Merge;
pub use recover::Recover;
pub use redact::Redact;
pub use redaction::Redaction;
pub use round_robin::RoundRobin;
pub use router::{Match, Router};
pub use service_router::ServiceRouter;
pub use set::Set;
pub use split::Split;
pub use stdout::Stdout;
pub use template::{Template, TextFormat};
pub use throttle::Throttle;
pub use watchdog::Watchdog;
pub use xml_to_json::XmlToJson;

/// What [`Decode`] and [`Encode`] are told.
pub use compysition_convert::{Ascii, Charset, Codec, Csv, Header, JsonStyle, Text, XmlElements};

use compysition_core::Registry;

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut Registry) {
    registry
        .add::<EventGenerator>("event_generator")
        .alias("generator", "event_generator")
        .alias("test_event", "event_generator")
        .add::<Watchdog>("watchdog")
        .alias("fresh", "watchdog")
        .add::<Stdout>("stdout")
        .add::<EventLog>("event_log")
        .alias("event_logger", "event_log")
        .add::<Discard>("discard")
        .alias("null", "discard")
        .add::<Recover>("recover")
        .add::<DeadLetters>("dead_letters")
        .add::<XmlToJson>("xml_to_json")
        .alias("xml_to_dict", "xml_to_json")
        .add::<JsonToXml>("json_to_xml")
        .alias("dict_to_xml", "json_to_xml")
        .add::<Set>("set")
        .alias("event_attribute_modifier", "set")
        .alias("modify", "set")
        .add::<Template>("template")
        .add::<Router>("router")
        .alias("event_router", "router")
        .add::<Filter>("filter")
        .alias("event_filter", "filter")
        .add::<ServiceRouter>("service_router")
        .add::<RoundRobin>("round_robin")
        .alias("roundrobin", "round_robin")
        .add::<Throttle>("throttle")
        .add::<Cache>("cache")
        .add::<Split>("split")
        .alias("unpack", "split")
        .add::<Join>("join")
        .alias("event_join", "join")
        .add::<Batch>("batch")
        .alias("pack", "batch")
        .alias("tippingbucket", "batch")
        .add::<Redact>("redact")
        .add::<Decode>("decode")
        .add::<Encode>("encode");
}
