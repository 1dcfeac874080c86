//! Values between events and jq.

use compysition_core::{Error, Result};
use jaq_json::Val;
use jaq_std::ValT;
use serde::Deserialize;
use serde_json::{Map, Number, Value};

/// Gives a value to jq.
pub(crate) fn to_jq(value: &Value) -> Result<Val> {
    Ok(Val::deserialize(value)?)
}

/// Takes a value of jq. Numbers that JSON has not are what jq writes for them.
pub(crate) fn from_jq(value: &Val) -> Result<Value> {
    Ok(match value {
        Val::Null => Value::Null,
        Val::Bool(value) => (*value).into(),
        Val::Num(_) => number(value),
        Val::BStr(bytes) | Val::TStr(bytes) => String::from_utf8_lossy(bytes).into(),
        Val::Arr(items) => items.iter().map(from_jq).collect::<Result<_>>()?,
        Val::Obj(fields) => {
            let field = |(name, value)| Ok((key(name)?, from_jq(value)?));
            Value::Object(fields.iter().map(field).collect::<Result<Map<_, _>>>()?)
        }
    })
}

fn key(key: &Val) -> Result<String> {
    match key.as_bytes() {
        Some(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        None => Err(Error::unprocessable(format!(
            "`{key}` cannot be a key in JSON"
        ))),
    }
}

fn number(value: &Val) -> Value {
    if let Some(whole) = value.as_isize() {
        return whole.into();
    }
    if let Ok(number) = value.to_string().parse::<Number>() {
        return number.into();
    }
    match value.as_f64() {
        Some(number) if number.is_nan() => Value::Null,
        Some(number) => number.clamp(f64::MIN, f64::MAX).into(),
        None => Value::Null,
    }
}
