//! Rows of comma-separated values.

use compysition_core::{Error, Payload, Result};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Charset;
use crate::codec::decoder::{Framing, Place, Step};
use crate::codec::lines::next_line;

/// How comma-separated values are written (RFC 4180).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Csv {
    /// What stands between two fields.
    pub delimiter: Ascii,
    /// What stands around a field that has a delimiter, a line break or a quote in it; a quote in it is doubled.
    pub quote: Ascii,
    /// Whether the first row has the names of the fields, or else a list of the names. Without names (`false`) a
    /// row is a list of texts, and not an object.
    pub header: Header,
    /// The character set; `utf-8` by default.
    pub charset: Charset,
}

/// Where the names of fields come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "`header` must be true, false or a list of names"
)]
pub enum Header {
    /// From the first row, or from nowhere.
    First(bool),
    /// From here.
    Names(Vec<String>),
}

/// One ASCII character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "char")]
#[schemars(with = "char")]
pub struct Ascii(pub u8);

impl TryFrom<char> for Ascii {
    type Error = String;

    fn try_from(c: char) -> Result<Ascii, String> {
        let byte = u8::try_from(c).ok().filter(u8::is_ascii);
        let fits = byte.filter(|byte| !matches!(byte, b'\n' | b'\r' | 0));
        fits.map(Ascii)
            .ok_or_else(|| format!("`{}` is no ASCII character for this", c.escape_debug()))
    }
}

impl Default for Csv {
    fn default() -> Csv {
        Csv {
            delimiter: Ascii(b','),
            quote: Ascii(b'"'),
            header: Header::First(true),
            charset: Charset::UTF_8,
        }
    }
}

/// The most fields that a row may have: each takes a few bytes even if it is empty.
const MOST_FIELDS: usize = 65_536;

/// Rows. The reader sees each byte once, and the fields of the row at hand are kept here.
pub(crate) struct Rows {
    reader: Box<Reader>,
    charset: Charset,
    names: Names,
    text: Vec<u8>,
    text_length: usize,
    ends: Vec<usize>,
    fields: usize,
}

enum Names {
    Come,
    None,
    Are(Vec<String>),
}

impl Rows {
    pub(crate) fn new(settings: &Csv) -> Rows {
        let reader = ReaderBuilder::new()
            .delimiter(settings.delimiter.0)
            .quote(settings.quote.0)
            .build();
        Rows {
            reader: Box::new(reader),
            charset: settings.charset,
            names: match &settings.header {
                Header::First(true) => Names::Come,
                Header::First(false) => Names::None,
                Header::Names(names) => Names::Are(names.clone()),
            },
            text: vec![0; 1024],
            text_length: 0,
            ends: vec![0; 64],
            fields: 0,
        }
    }

    fn row(&mut self, used: usize) -> Step {
        let text = &self.text[..self.text_length];
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let fields = starts
            .zip(&self.ends[..self.fields])
            .map(|(start, &end)| &text[start..end]);
        let fields: Result<Vec<String>> = fields
            .map(|field| self.charset.decode(field).map(std::borrow::Cow::into_owned))
            .collect();
        (self.text_length, self.fields) = (0, 0);
        let fields = match fields {
            Ok(fields) => fields,
            Err(error) => return Step::Bad(used, error),
        };
        match &self.names {
            Names::None => {
                let list: Vec<Value> = fields.into_iter().map(Value::from).collect();
                Step::Record(used, Value::from(list).into())
            }
            Names::Come => match twice(&fields) {
                Some(name) => {
                    Step::Fatal(Error::malformed(format!("the header has `{name}` twice")))
                }
                None => {
                    self.names = Names::Are(fields);
                    Step::Skip(used)
                }
            },
            Names::Are(names) if names.len() == fields.len() => {
                let row: Map<String, Value> = names
                    .iter()
                    .cloned()
                    .zip(fields.into_iter().map(Value::from))
                    .collect();
                Step::Record(used, Value::Object(row).into())
            }
            Names::Are(names) => {
                let (has, needs) = (fields.len(), names.len());
                Step::Bad(
                    used,
                    Error::malformed(format!(
                        "the number of fields is {has}, that of the names {needs}"
                    )),
                )
            }
        }
    }
}

fn twice(names: &[String]) -> Option<&String> {
    let mut seen = std::collections::HashSet::new();
    names.iter().find(|name| !seen.insert(*name))
}

impl Framing for Rows {
    fn next(&mut self, bytes: &[u8], ended: bool) -> Step {
        if bytes.is_empty() && !ended {
            return Step::More;
        }
        let mut used = 0;
        loop {
            if used == bytes.len() && !ended {
                return Step::Skip(used);
            }
            let (result, read, written, ends) = self.reader.read_record(
                &bytes[used..],
                &mut self.text[self.text_length..],
                &mut self.ends[self.fields..],
            );
            used += read;
            self.text_length += written;
            self.fields += ends;
            match result {
                ReadRecordResult::Record => return self.row(used),
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len(), 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() >= MOST_FIELDS => {
                    let message = format!("the row has more than {MOST_FIELDS} fields");
                    return Step::Fatal(Error::malformed(message));
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                // Without input the reader takes it that there is no more.
                ReadRecordResult::InputEmpty if ended && used == bytes.len() => {}
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return Step::Skip(used),
            }
        }
    }

    fn kept(&self) -> usize {
        self.text_length + self.fields
    }

    fn give_up(&mut self) -> bool {
        self.reader.reset();
        (self.text_length, self.fields) = (0, 0);
        // Without the names there is no row.
        !matches!(self.names, Names::Come)
    }

    fn resume(&self, bytes: &[u8]) -> Place {
        next_line(bytes)
    }
}

/// Writes rows.
pub(crate) struct RowWriter {
    settings: Csv,
    names: Option<Vec<String>>,
}

impl RowWriter {
    pub(crate) fn new(settings: &Csv) -> RowWriter {
        let names = match &settings.header {
            Header::Names(names) => Some(names.clone()),
            Header::First(_) => None,
        };
        RowWriter {
            settings: settings.clone(),
            names,
        }
    }

    /// Writes the names, if they are known.
    pub(crate) fn begin(&self) -> Vec<u8> {
        let mut text = String::new();
        if let Some(names) = &self.names {
            self.line(&mut text, names.iter().map(|name| name.as_str().into()));
        }
        self.settings
            .charset
            .encode(&text)
            .map(std::borrow::Cow::into_owned)
            .unwrap_or_default()
    }

    /// Writes a record, and before the first one, its names, if they were not known.
    pub(crate) fn encode(&mut self, record: &Payload) -> Result<Vec<u8>> {
        let value = super::json::value_of(record)?;
        let mut text = String::new();
        match &value {
            Value::Object(fields) => {
                if self.names.is_none() {
                    self.names = Some(fields.keys().cloned().collect());
                    if self.settings.header == Header::First(true) {
                        self.line(&mut text, fields.keys().map(|name| name.as_str().into()));
                    }
                }
                let names = self.names.iter().flatten();
                if let Some(name) = fields
                    .keys()
                    .find(|name| !names.clone().any(|own| own == *name))
                {
                    return Err(Error::unprocessable(format!(
                        "the field `{name}` is none of the names of the columns"
                    )));
                }
                let row = names.map(|name| fields.get(name).cloned().unwrap_or_default());
                self.line(&mut text, row.collect::<Vec<_>>().into_iter());
            }
            Value::Array(items) => self.line(&mut text, items.iter().cloned()),
            _ => {
                let message = "a row of CSV is made of an object or a list";
                return Err(Error::unprocessable(message));
            }
        }
        self.settings
            .charset
            .encode(&text)
            .map(std::borrow::Cow::into_owned)
    }

    fn line(&self, text: &mut String, fields: impl Iterator<Item = Value>) {
        let (delimiter, quote) = (
            char::from(self.settings.delimiter.0),
            char::from(self.settings.quote.0),
        );
        let start = text.len();
        for (index, field) in fields.enumerate() {
            if index > 0 {
                text.push(delimiter);
            }
            let field = match field {
                Value::Null => String::new(),
                Value::String(text) => text,
                other => other.to_string(),
            };
            let is_plain = !field.contains([delimiter, quote, '\n', '\r']) && field.trim() == field;
            if is_plain {
                text.push_str(&field);
                continue;
            }
            text.push(quote);
            text.push_str(&field.replace(quote, &format!("{quote}{quote}")));
            text.push(quote);
        }
        // An empty line would be no row.
        if text.len() == start {
            text.extend([quote, quote]);
        }
        text.push_str("\r\n");
    }
}
