//! Forms, as browsers send them: `name=Ann+B.&role=a&role=b`.

use std::borrow::Cow;

use compysition_core::{Error, Payload, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::codec::decoder::{Framing, Step};

/// What is written as `%…`; the space is a plus.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b' ');

/// All of it is one form.
pub(crate) struct Form;

impl Framing for Form {
    fn next(&mut self, bytes: &[u8], ended: bool) -> Step {
        if !ended || bytes.is_empty() {
            return Step::More;
        }
        match decode(bytes) {
            Ok(form) => Step::Record(bytes.len(), form.into()),
            Err(error) => Step::Fatal(error),
        }
    }
}

/// Reads a form as an object of texts; a name that occurs more than once has a list of them.
fn decode(bytes: &[u8]) -> Result<Value> {
    let mut fields = Map::new();
    // What writes a form to a file often ends it with a line break, which is no part of it.
    let bytes = bytes.trim_ascii_end();
    for field in bytes
        .split(|byte| *byte == b'&')
        .filter(|field| !field.is_empty())
    {
        let equals = memchr::memchr(b'=', field);
        let (name, value) = match equals {
            Some(at) => (&field[..at], &field[at + 1..]),
            None => (field, &b""[..]),
        };
        let (name, value) = (plain(name)?, plain(value)?);
        match fields.get_mut(&name) {
            None => {
                fields.insert(name, value.into());
            }
            Some(Value::Array(values)) => values.push(value.into()),
            Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
        }
    }
    Ok(Value::Object(fields))
}

fn plain(written: &[u8]) -> Result<String> {
    let spaced: Vec<u8> = written
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let text = percent_decode(&spaced).decode_utf8();
    text.map(Cow::into_owned).map_err(|_| {
        let field = String::from_utf8_lossy(written);
        Error::malformed(format!("`{field}` in the form is not UTF-8"))
    })
}

/// Writes an object as a form. A list is the same name several times; what is nothing is left out.
///
/// # Errors
/// Unprocessable, if it is no object; malformed, if it is JSON that cannot be read.
pub(crate) fn encode(record: &Payload) -> Result<Vec<u8>> {
    let value = match record {
        Payload::Json(json) => json.value()?.as_object(),
        _ => None,
    };
    let Some(fields) = value else {
        let message = "only an object can be written as a form: its fields have names";
        return Err(Error::unprocessable(message));
    };
    let mut written = String::new();
    for (name, value) in fields {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            let text: Cow<'_, str> = match value {
                Value::Null => continue,
                Value::String(text) => text.into(),
                other => other.to_string().into(),
            };
            if !written.is_empty() {
                written.push('&');
            }
            push(&mut written, name);
            written.push('=');
            push(&mut written, &text);
        }
    }
    Ok(written.into_bytes())
}

fn push(written: &mut String, text: &str) {
    for part in utf8_percent_encode(text, ESCAPED) {
        written.extend(part.chars().map(|c| if c == ' ' { '+' } else { c }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_is_an_object_of_texts() {
        let form = decode(b"a=1&b=x+y%21&a=2&&flag&a=3&%C3%A4=%26%3D\r\n").unwrap();
        let wanted = json!({"a": ["1", "2", "3"], "b": "x y!", "flag": "", "ä": "&="});
        assert_eq!(form, wanted);
        assert_eq!(decode(b"a=%zz%").unwrap(), json!({"a": "%zz%"}));
        let says = decode(b"a=1&b=%FF").unwrap_err().to_string();
        assert!(says.contains("`%FF` in the form is not UTF-8"), "{says}");
    }

    #[test]
    fn an_object_is_a_form() {
        let write =
            |value: Value| encode(&value.into()).map(|bytes| String::from_utf8(bytes).unwrap());
        let form = json!({"a": ["1", 2], "b": "x y!+&=", "no": null, "on": true, "ä": "*-._~"});
        assert_eq!(
            write(form).unwrap(),
            "a=1&a=2&b=x+y%21%2B%26%3D&on=true&%C3%A4=*-._%7E"
        );
        assert_eq!(
            write(json!({"a": {"b": 1}})).unwrap(),
            "a=%7B%22b%22%3A1%7D"
        );
        assert_eq!(write(json!({})).unwrap(), "");
        let says = write(json!([1])).unwrap_err().to_string();
        assert!(says.contains("only an object"), "{says}");
    }
}
