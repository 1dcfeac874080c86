//! Time zones by name.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A time zone by its name in the IANA database, such as `Europe/Berlin`, `UTC` (the default), or `local` for that of the
/// machine. The rules are those of the machine (`/usr/share/zoneinfo`), or, where it has none, those that the program was
/// built with.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(pub(crate) TimeZone);

impl Default for Zone {
    fn default() -> Zone {
        Zone(TimeZone::UTC)
    }
}

/// Tells that there is no such time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownZoneError(String);

impl fmt::Display for UnknownZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no time zone; write it like `Europe/Berlin`, `UTC` or `local`",
            self.0
        )
    }
}

impl std::error::Error for UnknownZoneError {}

impl FromStr for Zone {
    type Err = UnknownZoneError;

    fn from_str(name: &str) -> Result<Zone, UnknownZoneError> {
        let zone = match name {
            "local" => TimeZone::try_system(),
            name => TimeZone::get(name),
        };
        zone.map(Zone)
            .map_err(|_| UnknownZoneError(name.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Zone {
    fn schema_name() -> Cow<'static, str> {
        "Zone".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "time zone" })
    }
}
