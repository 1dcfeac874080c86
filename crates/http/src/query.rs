//! Percent-encoding and query strings.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// Decodes `%41` to `A`; none if the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(|text| text.into_owned())
}

/// Returns the names and values of a query string, in its order.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode_form(name), decode_form(value))
    })
}

fn decode_form(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Returns a query string as an object; a name that occurs more than once has a list.
pub(crate) fn to_value(query: &str) -> Value {
    let mut fields = Map::new();
    for (name, value) in pairs(query) {
        match fields.get_mut(&name) {
            None => {
                fields.insert(name, value.into());
            }
            Some(Value::Array(values)) => values.push(value.into()),
            Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_queries() {
        let value = to_value("a=1&b=x+y%21&a=2&&flag&a=3");
        assert_eq!(
            value,
            json!({"a": ["1", "2", "3"], "b": "x y!", "flag": ""})
        );
        assert_eq!(decode("%C3%A9").as_deref(), Some("é"));
        assert_eq!(decode("%FF"), None);
    }
}
