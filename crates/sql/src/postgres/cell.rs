//! A value from the server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postgres_protocol::types as wire;
use serde_json::{Map, Number, Value};
use tokio_postgres::types::{FromSql, Kind, Type};

use super::{array, numeric};
use crate::clock;

/// Why bytes are no value of their type.
pub(super) type Unreadable = Box<dyn std::error::Error + Sync + Send>;

/// A value as JSON.
pub(super) struct Cell(pub(super) Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(type_: &Type, raw: &'a [u8]) -> Result<Cell, Unreadable> {
        value(type_, raw).map(Cell)
    }

    fn from_sql_null(_: &Type) -> Result<Cell, Unreadable> {
        Ok(Cell(Value::Null))
    }

    fn accepts(type_: &Type) -> bool {
        is_known(type_)
    }
}

/// Tells whether values of a type have a form in JSON.
pub(super) fn is_known(type_: &Type) -> bool {
    match type_.kind() {
        Kind::Enum(_) => true,
        Kind::Domain(inner) | Kind::Array(inner) => is_known(inner),
        Kind::Composite(fields) => fields.iter().all(|field| is_known(field.type_())),
        _ => {
            is_text(type_)
                || matches!(
                    *type_,
                    Type::BOOL
                        | Type::INT2
                        | Type::INT4
                        | Type::INT8
                        | Type::OID
                        | Type::FLOAT4
                        | Type::FLOAT8
                        | Type::NUMERIC
                        | Type::BYTEA
                        | Type::JSON
                        | Type::JSONB
                        | Type::UUID
                        | Type::DATE
                        | Type::TIME
                        | Type::TIMETZ
                        | Type::TIMESTAMP
                        | Type::TIMESTAMPTZ
                        | Type::INTERVAL
                        | Type::INET
                        | Type::CIDR
                        | Type::VOID
                )
        }
    }
}

fn is_text(type_: &Type) -> bool {
    matches!(
        *type_,
        Type::TEXT
            | Type::VARCHAR
            | Type::BPCHAR
            | Type::NAME
            | Type::XML
            | Type::UNKNOWN
            | Type::CHAR
    ) || type_.name() == "citext"
}

/// Returns the value that bytes are of this type.
///
/// # Errors
/// If they are none, or of a type that is not [known](is_known).
pub(super) fn value(type_: &Type, raw: &[u8]) -> Result<Value, Unreadable> {
    match type_.kind() {
        Kind::Enum(_) => return Ok(wire::text_from_sql(raw)?.into()),
        Kind::Domain(inner) => return value(inner, raw),
        Kind::Array(item) => return array::value(raw, item),
        Kind::Composite(fields) => {
            let fields = fields.iter().map(|field| (field.name(), field.type_()));
            return composite(fields, raw);
        }
        _ => {}
    }
    Ok(match *type_ {
        Type::BOOL => wire::bool_from_sql(raw)?.into(),
        Type::INT2 => wire::int2_from_sql(raw)?.into(),
        Type::INT4 => wire::int4_from_sql(raw)?.into(),
        Type::INT8 => wire::int8_from_sql(raw)?.into(),
        Type::OID => wire::oid_from_sql(raw)?.into(),
        // The shortest digits that mean it, and not those of the nearest double.
        Type::FLOAT4 => float(wire::float4_from_sql(raw)?.to_string().parse()?),
        Type::FLOAT8 => float(wire::float8_from_sql(raw)?),
        Type::NUMERIC => numeric::value(raw)?,
        Type::BYTEA => STANDARD.encode(raw).into(),
        Type::JSON => serde_json::from_slice(raw)?,
        Type::JSONB => match raw {
            [1, json @ ..] => serde_json::from_slice(json)?,
            _ => return Err("a jsonb of an unknown version".into()),
        },
        Type::UUID => uuid(wire::uuid_from_sql(raw)?).into(),
        Type::DATE => match wire::date_from_sql(raw)? {
            i32::MAX => "infinity".into(),
            i32::MIN => "-infinity".into(),
            days => clock::date(days.into()).into(),
        },
        Type::TIME => clock::time(wire::time_from_sql(raw)?).into(),
        Type::TIMETZ => {
            let (micros, zone) = raw.split_at_checked(8).ok_or("too short for a time")?;
            // The server counts to the west.
            let offset = clock::offset(-i64::from(wire::int4_from_sql(zone)?));
            format!("{}{offset}", clock::time(wire::time_from_sql(micros)?)).into()
        }
        Type::TIMESTAMP => moment(raw, "")?,
        Type::TIMESTAMPTZ => moment(raw, "Z")?,
        Type::INTERVAL => {
            let (micros, rest) = raw.split_at_checked(8).ok_or("too short for an interval")?;
            let (days, months) = rest
                .split_at_checked(4)
                .ok_or("too short for an interval")?;
            let (days, months) = (wire::int4_from_sql(days)?, wire::int4_from_sql(months)?);
            clock::span(months.into(), days.into(), wire::int8_from_sql(micros)?).into()
        }
        Type::INET | Type::CIDR => {
            let inet = wire::inet_from_sql(raw)?;
            let is_whole = inet.netmask() == if inet.addr().is_ipv4() { 32 } else { 128 };
            match is_whole && *type_ == Type::INET {
                true => inet.addr().to_string().into(),
                false => format!("{}/{}", inet.addr(), inet.netmask()).into(),
            }
        }
        Type::VOID => Value::Null,
        _ if is_text(type_) => wire::text_from_sql(raw)?.into(),
        _ => return Err("a type without a form in JSON".into()),
    })
}

fn float(float: f64) -> Value {
    match Number::from_f64(float) {
        Some(number) => number.into(),
        None if float.is_nan() => "NaN".into(),
        None if float > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

fn moment(raw: &[u8], zone: &str) -> Result<Value, Unreadable> {
    Ok(match wire::timestamp_from_sql(raw)? {
        i64::MAX => "infinity".into(),
        i64::MIN => "-infinity".into(),
        micros => format!("{}{zone}", clock::moment(micros)).into(),
    })
}

fn uuid(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Reads a composite: how many fields, then the type and length of each before it.
fn composite<'a>(
    fields: impl Iterator<Item = (&'a str, &'a Type)>,
    raw: &[u8],
) -> Result<Value, Unreadable> {
    let mut rest = raw;
    let mut number =
        || -> Result<i32, Unreadable> { take(&mut rest, 4).and_then(wire::int4_from_sql) };
    number()?;
    let mut object = Map::new();
    for (name, type_) in fields {
        take(&mut rest, 4)?;
        let length = take(&mut rest, 4).and_then(wire::int4_from_sql)?;
        let field = match usize::try_from(length) {
            Ok(length) => value(type_, take(&mut rest, length)?)?,
            Err(_) => Value::Null,
        };
        object.insert(name.to_owned(), field);
    }
    Ok(object.into())
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Unreadable> {
    let (taken, left) = rest
        .split_at_checked(length)
        .ok_or("too short for a composite")?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever bytes a server sends, they are a value or an error: no panic, and nothing much larger than they are.
    #[test]
    fn any_bytes_are_a_value_or_an_error() {
        let types = [
            Type::BOOL,
            Type::INT8,
            Type::FLOAT4,
            Type::FLOAT8,
            Type::NUMERIC,
            Type::BYTEA,
            Type::JSON,
            Type::JSONB,
            Type::UUID,
            Type::DATE,
            Type::TIME,
            Type::TIMETZ,
            Type::TIMESTAMP,
            Type::TIMESTAMPTZ,
            Type::INTERVAL,
            Type::INET,
            Type::TEXT,
            Type::INT4_ARRAY,
            Type::TEXT_ARRAY,
            Type::NUMERIC_ARRAY,
            Type::BOX,
        ];
        // An array of one dimension, with the numbers 1 and NULL.
        let array: Vec<u8> = [1, 1, 23, 2, 1, 4, 1, -1_i32]
            .iter()
            .flat_map(|word| word.to_be_bytes())
            .collect();
        let number = [0, 2, 0, 0, 0, 0, 0, 2, 0, 12, 13, 72];
        let seeds: [&[u8]; 4] = [&array, &number, b"\x01{\"a\":[1]}", &[0x80; 16]];
        let mut dice = 7_u64;
        let mut roll = |sides: usize| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            (dice % sides as u64) as usize
        };
        let mut good = 0;
        for _ in 0..100_000 {
            let mut raw = seeds[roll(seeds.len())].to_vec();
            for _ in 0..roll(4) {
                let at = roll(raw.len());
                raw[at] = roll(256) as u8;
            }
            raw.truncate(raw.len() - roll(raw.len()) * (roll(4) / 3));
            let type_ = &types[roll(types.len())];
            if let Ok(value) = value(type_, &raw) {
                good += 1;
                let most = if *type_ == Type::NUMERIC {
                    1 << 20
                } else {
                    4096
                };
                assert!(value.to_string().len() < most, "{type_}: {raw:?}");
            }
        }
        assert!(good > 10_000, "{good}");
    }
}
