//! What a program is told of an event, and what its answer makes of it.

use std::borrow::Cow;

use compysition_convert::Codec;
use compysition_core::{Error, ErrorKind, Event, Payload, Result};
use serde_json::Value;

use crate::envelope::{self, NoEvent};

/// The form of what a program gets and gives.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) envelope: bool,
    pub(crate) codec: Option<Codec>,
}

impl Form {
    /// Returns what a program is told of an event.
    pub(crate) fn told<'a>(&self, event: &'a Event) -> Result<Cow<'a, [u8]>> {
        match self.envelope {
            true => envelope::write(event).map(Cow::Owned),
            false => event.bytes().map(Cow::Borrowed),
        }
    }

    /// Makes an event of an answer.
    pub(crate) fn apply(&self, event: Event, answer: Vec<u8>) -> Result<Event, NoEvent> {
        if self.envelope {
            return envelope::apply(event, &answer);
        }
        let payload = match &self.codec {
            None => plain(answer),
            Some(codec) => decoded(codec, &answer).map_err(|error| {
                let message = format!("the program's answer cannot be read: {error}");
                NoEvent::Said(Error::new(ErrorKind::BadGateway, message))
            })?,
        };
        Ok(event.with(payload))
    }
}

fn plain(answer: Vec<u8>) -> Payload {
    match String::from_utf8(answer) {
        Ok(text) if text.is_empty() => Payload::Empty,
        Ok(text) => text.into(),
        Err(error) => error.into_bytes().into(),
    }
}

fn decoded(codec: &Codec, answer: &[u8]) -> Result<Payload> {
    let mut decoder = codec.decoder(usize::MAX);
    decoder.feed(answer);
    decoder.end();
    if !codec.is_single() {
        let values = decoder.map(|record| Ok(record?.to_value()));
        return Ok(values.collect::<Result<Value>>()?.into());
    }
    let value = decoder.next().unwrap_or(Ok(Payload::Empty))?;
    match decoder.next() {
        None => Ok(value),
        Some(_) => Err(Error::malformed("there is more than one value in it")),
    }
}
