//! One event in a frame.

use std::sync::Arc;

use compysition_core::{Attributes, Event, Failure, Id, Json, Payload, Xml};

use super::buffer::{Malformed, Put, Take};
use super::failure;

/// Where an event, or one that it came of, waits to be told how it ends: a process, by its number, and a call of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The epoch of the process, which no other has.
    pub epoch: u64,
    /// The session over which it was sent, as both sides know it: what each calls it, joined by exclusive or.
    pub session: u64,
    /// The number of the call in it.
    pub call: u64,
}

/// An event as it goes from one process to another.
#[derive(Debug, Default)]
pub struct Carried {
    /// Id, meta id, service, trace context, attributes, payload, failure. It has no receipt.
    pub event: Event,
    /// The id of the root that it descends from.
    pub root: Id,
    /// The links that it and its ancestors have passed.
    pub hops: u32,
    /// How many milliseconds the client of its request will go on waiting.
    pub deadline: Option<u64>,
    /// Whether a client waits for an answer.
    pub is_asked: bool,
    /// Whether it goes where the last of its origins waits, and is all that is left of that call: the receiver goes on with it in
    /// the place of the call, of whose end it is not told.
    pub is_last: bool,
    /// Where it and its ancestors wait to hear of its end, the latest last.
    pub origins: Origins,
}

/// What is written of an event.
pub(crate) struct Writing<'a> {
    pub(crate) event: &'a Event,
    /// Its attributes, written out.
    pub(crate) attributes: &'a [u8],
    pub(crate) root: Id,
    pub(crate) hops: u32,
    pub(crate) deadline: Option<u64>,
    pub(crate) is_asked: bool,
    pub(crate) is_last: bool,
    pub(crate) origins: &'a Origins,
}

impl Carried {
    /// Returns what is written of it, with its attributes written out.
    pub(crate) fn writing<'a>(&'a self, attributes: &'a [u8]) -> Writing<'a> {
        Writing {
            event: &self.event,
            attributes,
            root: self.root,
            hops: self.hops,
            deadline: self.deadline,
            is_asked: self.is_asked,
            is_last: self.is_last,
            origins: &self.origins,
        }
    }
}

/// Where an event and its ancestors wait; nothing, for the most.
pub type Origins = Option<Arc<[Origin]>>;

/// What the events of a frame often have in common: each stands there once, and then "as before".
#[derive(Default)]
pub(crate) struct Common {
    root: Option<Id>,
    meta_id: Option<Arc<str>>,
    service: Option<Arc<str>>,
    traceparent: Option<Arc<str>>,
    /// As they were last written, or last read.
    attributes: Vec<u8>,
    read: Option<Attributes>,
    origins: Origins,
}

const NONE: u32 = 0;
const AS_BEFORE: u32 = 1;
const GIVEN: u32 = 2;

/// The places of the two bits each.
const ROOT: u32 = 0;
const META_ID: u32 = 2;
const SERVICE: u32 = 4;
const TRACE: u32 = 6;
const ATTRIBUTES: u32 = 8;
const ORIGINS: u32 = 10;
/// The places of the single bits.
const ASKED: u32 = 1 << 12;
const DEADLINE: u32 = 1 << 13;
const FAILED: u32 = 1 << 14;
/// The place of the three bits that say what kind the payload is.
const KIND: u32 = 15;
const LAST: u32 = 1 << 18;
const FLAGS: u32 = 19;

/// How many bytes the attributes of most events have at most, written out.
const ATTRIBUTES_BYTES: usize = 512;

/// How many ancestors of an event may wait in processes.
const MOST_ORIGINS: u64 = 4096;

impl Common {
    pub(crate) fn put(&mut self, carried: &Writing<'_>, out: &mut Vec<u8>) {
        let (event, attributes) = (carried.event, carried.attributes);
        let root = match carried.root {
            root if root == event.id() => NONE,
            root if Some(root) == self.root => AS_BEFORE,
            _ => GIVEN,
        };
        let text = |own: Option<&str>, before: &Option<Arc<str>>| match own {
            None => NONE,
            Some(own) if before.as_deref() == Some(own) => AS_BEFORE,
            Some(_) => GIVEN,
        };
        let meta_id = text(event.own_meta_id(), &self.meta_id);
        let own_service = Some(event.service()).filter(|service| *service != "default");
        let service = text(own_service, &self.service);
        let trace = text(event.traceparent(), &self.traceparent);
        let attribute = match attributes.is_empty() {
            true => NONE,
            false if attributes == self.attributes => AS_BEFORE,
            false => GIVEN,
        };
        let origins = match carried.origins {
            None => NONE,
            own if *own == self.origins => AS_BEFORE,
            Some(_) => GIVEN,
        };
        let bit = |bit: u32, is_set: bool| if is_set { bit } else { 0 };
        let flags = root << ROOT
            | meta_id << META_ID
            | service << SERVICE
            | trace << TRACE
            | attribute << ATTRIBUTES
            | origins << ORIGINS
            | bit(ASKED, carried.is_asked)
            | bit(DEADLINE, carried.deadline.is_some())
            | bit(FAILED, event.error().is_some())
            | bit(LAST, carried.is_last)
            | kind_of(event.payload()) << KIND;
        out.number(flags.into());
        out.id(event.id());
        if root == GIVEN {
            out.id(carried.root);
        }
        self.root = Some(carried.root);
        put_text(meta_id, event.own_meta_id(), &mut self.meta_id, out);
        put_text(service, own_service, &mut self.service, out);
        put_text(trace, event.traceparent(), &mut self.traceparent, out);
        if attribute == GIVEN {
            out.bytes(attributes);
            self.attributes.clear();
            self.attributes.extend_from_slice(attributes);
        }
        if let (GIVEN, Some(origins)) = (origins, carried.origins) {
            out.number(origins.len() as u64);
            for origin in &**origins {
                out.extend_from_slice(&origin.epoch.to_be_bytes());
                out.extend_from_slice(&origin.session.to_be_bytes());
                out.number(origin.call);
            }
            self.origins = carried.origins.clone();
        }
        out.number(carried.hops.into());
        if let Some(deadline) = carried.deadline {
            out.number(deadline);
        }
        if let Some(failed) = event.error() {
            out.bytes(&failure::write(failed));
        }
        // Who sends an event sees to it that its payload can be written out.
        match event.payload() {
            Payload::Empty => {}
            payload => out.bytes(payload.bytes().unwrap_or_default()),
        }
    }

    pub(crate) fn take(&mut self, from: &mut Take<'_>) -> Result<Carried, Malformed> {
        let flags = from.number("what an event has")? as u32;
        if flags >> FLAGS != 0 {
            return from.wrong("what an event of this version has");
        }
        let way = |place: u32| flags >> place & 3;
        let id = from.id("an event's id")?;
        let root = match way(ROOT) {
            GIVEN => from.id("the id of a root")?,
            AS_BEFORE => match self.root {
                Some(before) => before,
                None => return from.wrong("a root, in the first event of a frame"),
            },
            _ => id,
        };
        self.root = Some(root);
        let meta_id = take_text(way(META_ID), &mut self.meta_id, from, "a meta id")?;
        let service = take_text(way(SERVICE), &mut self.service, from, "a service")?;
        let trace = take_text(way(TRACE), &mut self.traceparent, from, "a trace context")?;
        let attributes = match way(ATTRIBUTES) {
            NONE => Attributes::default(),
            AS_BEFORE => match &self.read {
                Some(before) => before.clone(),
                None => return from.wrong("attributes, in the first event of a frame"),
            },
            _ => match read_attributes(from.bytes("attributes")?) {
                Some(attributes) => self.read.insert(attributes).clone(),
                None => return from.wrong("attributes as a JSON object"),
            },
        };
        let origins = match way(ORIGINS) {
            NONE => None,
            AS_BEFORE => self.origins.clone(),
            _ => {
                self.origins = take_origins(from)?;
                self.origins.clone()
            }
        };
        let hops = u32::try_from(from.number("the links passed")?);
        let Ok(hops) = hops else {
            return from.wrong("the links passed");
        };
        let deadline = match flags & DEADLINE {
            0 => None,
            _ => Some(from.number("a deadline")?),
        };
        let failure = match flags & FAILED {
            0 => None,
            _ => Some(take_failure(from)?),
        };
        let mut event = Event::new(take_payload(flags >> KIND & 7, from)?).with_id(id);
        event.set_attributes(attributes);
        if let Some(meta_id) = meta_id {
            event.set_meta_id(meta_id);
        }
        if let Some(service) = service {
            event.set_service(service);
        }
        if let Some(trace) = trace {
            event.set_traceparent(trace);
        }
        if let Some(failure) = failure {
            event = event.failed(failure);
        }
        Ok(Carried {
            event,
            root,
            hops,
            deadline,
            is_asked: flags & ASKED != 0,
            is_last: flags & LAST != 0,
            origins,
        })
    }
}

/// Returns the attributes of an event as JSON; nothing, if there are none.
pub(crate) fn written(event: &Event) -> Box<[u8]> {
    let attributes = event.attributes();
    if attributes.is_empty() {
        return Box::default();
    }
    let mut written = Vec::with_capacity(attributes.as_json().map_or(ATTRIBUTES_BYTES, str::len));
    attributes.write_json(&mut written);
    written.into()
}

fn read_attributes(json: &[u8]) -> Option<Attributes> {
    Attributes::from_json(std::str::from_utf8(json).ok()?).ok()
}

fn put_text(way: u32, own: Option<&str>, before: &mut Option<Arc<str>>, out: &mut Vec<u8>) {
    if let (GIVEN, Some(own)) = (way, own) {
        out.bytes(own.as_bytes());
        *before = Some(own.into());
    }
}

fn take_text(
    way: u32,
    before: &mut Option<Arc<str>>,
    from: &mut Take<'_>,
    expected: &'static str,
) -> Result<Option<Arc<str>>, Malformed> {
    match way {
        NONE => return Ok(None),
        AS_BEFORE => {}
        _ => *before = Some(from.text(expected)?.into()),
    }
    Ok(before.clone())
}

fn take_origins(from: &mut Take<'_>) -> Result<Origins, Malformed> {
    let count = from.number("how many ancestors wait")?;
    if count > MOST_ORIGINS {
        return from.wrong("fewer ancestors that wait");
    }
    let mut origins = Vec::new();
    for _ in 0..count {
        origins.push(Origin {
            epoch: from.fixed_u64("an epoch")?,
            session: from.fixed_u64("a session")?,
            call: from.number("the number of a call")?,
        });
    }
    Ok((!origins.is_empty()).then(|| origins.into()))
}

pub(crate) fn take_failure(from: &mut Take<'_>) -> Result<Failure, Malformed> {
    let json = from.bytes("a failure")?;
    match failure::read(json) {
        Some(failure) => Ok(failure),
        None => from.wrong("a failure as JSON"),
    }
}

fn kind_of(payload: &Payload) -> u32 {
    match payload {
        Payload::Empty => 0,
        Payload::Text(_) => 1,
        Payload::Bytes(_) => 2,
        Payload::Json(_) => 3,
        Payload::Xml(_) => 4,
    }
}

fn take_payload(kind: u32, from: &mut Take<'_>) -> Result<Payload, Malformed> {
    Ok(match kind {
        0 => Payload::Empty,
        1 => Payload::from(from.text("a text")?),
        2 => Payload::from(from.bytes("bytes")?),
        3 => Payload::Json(Json::from_text(from.text("JSON")?)),
        4 => Payload::Xml(Xml::from_text(from.text("XML")?)),
        _ => return from.wrong("a kind of payload that this version knows"),
    })
}
