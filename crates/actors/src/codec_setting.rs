//! The setting that `decode` and `encode` share.

use std::fmt;

use compysition_convert::Codec;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{
    Deserializer, Error, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer,
};

/// The settings of an actor that is told a codec.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodecSetting {
    /// The codec. Instead of the settings its name may stand alone: `decode: csv`.
    pub(crate) codec: Codec,
}

/// Reads the settings, or the name of a codec in their place.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Codec, D::Error> {
    struct Read;

    impl<'de> Visitor<'de> for Read {
        type Value = Codec;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the name of a codec, or a map of settings")
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<Codec, E> {
            Codec::deserialize(name.into_deserializer())
        }

        fn visit_map<A: MapAccess<'de>>(self, settings: A) -> Result<Codec, A::Error> {
            let settings = CodecSetting::deserialize(MapAccessDeserializer::new(settings))?;
            Ok(settings.codec)
        }
    }

    deserializer.deserialize_any(Read)
}
