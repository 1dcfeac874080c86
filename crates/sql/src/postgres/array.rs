//! Lists and arrays.

use compysition_core::Result;
use postgres_protocol::types::array_from_sql;
use serde_json::Value;
use tokio_postgres::types::Type;

use super::cell::{self, Unreadable};
use super::parameter;

/// Writes a list as the server reads an array: `{"a","b",NULL}`.
///
/// # Errors
/// Malformed, if an item does not fit.
pub(super) fn text(items: &[Value], item: &Type) -> Result<String> {
    let mut text = String::from("{");
    for (index, value) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        // A list in a list is another dimension; in an array of JSON it is an item.
        if let (Value::Array(inner), false) = (value, matches!(*item, Type::JSON | Type::JSONB)) {
            text.push_str(&self::text(inner, item)?);
            continue;
        }
        match parameter::text(value, item)? {
            None => text.push_str("NULL"),
            Some(value) => {
                text.push('"');
                text.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
                text.push('"');
            }
        }
    }
    text.push('}');
    Ok(text)
}

/// Reads an array, of as many dimensions as it has.
///
/// # Errors
/// If it is none.
pub(super) fn value(raw: &[u8], item: &Type) -> Result<Value, Unreadable> {
    use fallible_iterator::FallibleIterator;
    let array = array_from_sql(raw)?;
    let mut lengths = Vec::new();
    let mut dimensions = array.dimensions();
    while let Some(dimension) = dimensions.next()? {
        lengths.push(usize::try_from(dimension.len)?);
    }
    // One by one: how many it says there are may not be true.
    let mut values = Vec::new();
    let mut items = array.values();
    while let Some(value) = items.next()? {
        values.push(match value {
            Some(raw) => cell::value(item, raw)?,
            None => Value::Null,
        });
    }
    // From the innermost dimension outwards.
    for &length in lengths.iter().skip(1).rev() {
        if length == 0 {
            return Err("a dimension of nothing".into());
        }
        let mut rest = values.into_iter();
        let mut lists = Vec::new();
        loop {
            let list: Vec<Value> = rest.by_ref().take(length).collect();
            if list.is_empty() {
                break;
            }
            lists.push(Value::Array(list));
        }
        values = lists;
    }
    Ok(Value::Array(values))
}
