//! Bytes out of records.

use compysition_core::{Payload, Result};

use crate::codec::csv::RowWriter;
use crate::codec::lines::{encode_line, plain};
use crate::codec::{Codec, form, json, msgpack, xml};

/// Writes records one after the other; what [`Decoder`](crate::Decoder) finds in the bytes are those records.
///
/// ```
/// use compysition_convert::Codec;
/// use compysition_core::Payload;
///
/// let mut encoder = Codec::JsonLines.encoder();
/// assert_eq!(encoder.encode(&Payload::from(serde_json::json!([1])))?, b"[1]\n");
/// # Ok::<(), compysition_core::Error>(())
/// ```
pub struct Encoder {
    codec: Codec,
    rows: Option<RowWriter>,
    has_begun: bool,
}

impl Encoder {
    pub(crate) fn new(codec: &Codec) -> Encoder {
        Encoder {
            rows: match codec {
                Codec::Csv(csv) => Some(RowWriter::new(csv)),
                _ => None,
            },
            codec: codec.clone(),
            has_begun: false,
        }
    }

    /// Returns what stands before the first record.
    pub fn begin(&self) -> Vec<u8> {
        match (&self.codec, &self.rows) {
            (Codec::Xml(elements), _) => {
                let root = &elements.root;
                format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>\n").into()
            }
            (_, Some(rows)) => rows.begin(),
            _ => Vec::new(),
        }
    }

    /// Writes a record.
    ///
    /// # Errors
    /// Unprocessable, if the record cannot be written so; malformed, if it is JSON or text that cannot be read.
    pub fn encode(&mut self, record: &Payload) -> Result<Vec<u8>> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        match (&self.codec, &mut self.rows) {
            (Codec::Csv(_), Some(rows)) => rows.encode(record),
            (Codec::Text(text), _) => match record {
                Payload::Bytes(bytes) => Ok(bytes.to_vec()),
                other => Ok(text.charset.encode(&plain(other)?)?.into_owned()),
            },
            (Codec::Lines(text), _) => encode_line(record, text.charset),
            (Codec::Json(style), _) => {
                let mut bytes = json::encode(record, *style)?;
                if !is_first {
                    bytes.insert(0, b'\n');
                }
                Ok(bytes)
            }
            (Codec::Form, _) => form::encode(record),
            (Codec::MessagePack, _) => msgpack::encode(record),
            (Codec::Xml(elements), _) => {
                let mut bytes = xml::encode(record, elements)?;
                bytes.push(b'\n');
                Ok(bytes)
            }
            (Codec::JsonLines | Codec::Csv(_), _) => {
                let mut bytes = json::encode(record, json::JsonStyle::default())?;
                bytes.push(b'\n');
                Ok(bytes)
            }
        }
    }

    /// Returns what stands after the last record.
    pub fn end(&self) -> Vec<u8> {
        match &self.codec {
            Codec::Xml(elements) => format!("</{}>\n", elements.root).into(),
            _ => Vec::new(),
        }
    }
}
