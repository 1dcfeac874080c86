//! Codecs as settings name them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test may panic, and uses some of these"
)]

use compysition_convert::Codec;
use compysition_core::Error;
use serde_json::Value;

pub(crate) fn codec(settings: Value) -> Codec {
    serde_json::from_value(settings).unwrap()
}

/// Encodes values; returns the bytes.
pub(crate) fn encode(settings: Value, records: &[Value]) -> Result<String, Error> {
    let mut encoder = codec(settings).encoder();
    let mut bytes = encoder.begin();
    for record in records {
        bytes.extend(encoder.encode(&record.clone().into())?);
    }
    bytes.extend(encoder.end());
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
