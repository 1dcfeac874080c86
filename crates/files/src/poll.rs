//! When directories are looked at.

use std::time::{Duration, SystemTime};

use compysition_core::TimeSpan;
use compysition_schedule::{Schedule, wall_clock};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use tokio::time::Instant;

/// How long at most before the clock is looked at again: it may be set, and the machine may sleep.
const GLANCE: Duration = Duration::from_secs(5);

/// What is no pause any more.
const LEAST: Duration = Duration::from_millis(1);

/// Says how often directories are looked at, or when.
#[derive(Clone, Debug)]
pub(crate) enum Poll {
    /// At once, and each time that this has passed.
    Every(Duration),
    /// At the times of a schedule.
    At(Box<Schedule>),
}

/// The next time to look.
pub(crate) enum Next {
    After(Instant),
    At(SystemTime),
    Never,
}

impl Poll {
    pub(crate) fn first(&self) -> Next {
        match self {
            Poll::Every(_) => Next::After(Instant::now()),
            Poll::At(_) => self.next(),
        }
    }

    pub(crate) fn next(&self) -> Next {
        match self {
            Poll::Every(time) => Next::After(Instant::now() + *time),
            Poll::At(schedule) => match schedule.next_after(wall_clock()) {
                Some(time) => Next::At(time),
                None => Next::Never,
            },
        }
    }
}

impl Next {
    /// Returns until when to wait before asking again; none if the time has come.
    pub(crate) fn wait(&self) -> Option<Instant> {
        let now = Instant::now();
        match self {
            Next::After(time) => (*time > now).then_some(*time),
            Next::At(time) => {
                let left = time.duration_since(wall_clock()).ok()?;
                (!left.is_zero()).then(|| now + left.min(GLANCE))
            }
            Next::Never => Some(now + GLANCE),
        }
    }
}

impl Default for Poll {
    fn default() -> Poll {
        Poll::Every(Duration::from_secs(1))
    }
}

impl<'de> Deserialize<'de> for Poll {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Poll, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Poll;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a time, such as 10s, or a map with `cron`")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Poll, E> {
                self.visit_str(&seconds.to_string())
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Poll, E> {
                self.visit_str(&seconds.to_string())
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Poll, E> {
                self.visit_str(&seconds.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Poll, E> {
                let time: TimeSpan = text.parse().map_err(E::custom)?;
                match time.0 < LEAST {
                    true => Err(E::custom(format!(
                        "`poll: {text}` would look without a pause; write a time like 100ms or 1s"
                    ))),
                    false => Ok(Poll::Every(time.0)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Poll, A::Error> {
                let schedule = Schedule::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Poll::At(Box::new(schedule)))
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// The setting as the manual shows it.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum Shown {
    Every(TimeSpan),
    At(Schedule),
}

impl JsonSchema for Poll {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Poll".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Shown::json_schema(generator)
    }
}
