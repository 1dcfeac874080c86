//! Events at regular times.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use compysition_core::{
    Actor, Context, Doubt, Event, Payload, Ports, Rate, Refusal, Result, Source, TimeSpan,
    more_than_nothing,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::pace::Pace;

const INTERVAL: Duration = Duration::from_secs(5);

/// Makes events at regular times. An event that comes in makes it send one more at once, as its child.
///
/// The times do not drift. What could not be made in time, since the flow was full, is left out: there is
/// no burst afterwards.
///
/// Example: `event_generator: { rate: 50/s, count: 1000, data: { color: red } }`
///
/// Purpose: time. Patterns: event message, test message.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct EventGenerator {
    event: Event,
    interval: Duration,
    delay: Duration,
    count: Option<u64>,
    producers: usize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The time from one event to the next, such as `1s` or `250ms`; a number is seconds. `0s` makes
    /// events as fast as the flow takes them. Without it, and without `rate`, five seconds.
    interval: Option<TimeSpan>,
    /// How often events are made, such as `50/s` or `100/m`, instead of `interval`; a number is per second.
    rate: Option<Rate>,
    /// The time before the first event.
    delay: TimeSpan,
    /// How many events are made in all; without it, there is no end.
    count: Option<u64>,
    /// The payload: a text, or anything else as JSON.
    #[serde(alias = "payload")]
    #[serde(alias = "payload", alias = "message")]
    data: Value,
    /// The attributes of each event.
    attributes: BTreeMap<String, Value>,
    /// The service that the events are for.
    service: Option<String>,
    /// How many producers there are. Each keeps the interval for itself.
    #[serde(deserialize_with = "more_than_nothing")]
    producers: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            interval: None,
            rate: None,
            delay: TimeSpan::default(),
            count: None,
            data: Value::Null,
            attributes: BTreeMap::new(),
            service: None,
            producers: 1,
        }
    }
}

impl EventGenerator {
    /// Makes an actor that makes copies of an event, one every five seconds.
    pub fn new(event: impl Into<Event>) -> EventGenerator {
        EventGenerator {
            event: event.into(),
            interval: INTERVAL,
            delay: Duration::ZERO,
            count: None,
            producers: 1,
        }
    }

    /// Sets the time from one event to the next; zero is as fast as the flow takes them.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> EventGenerator {
        self.interval = interval;
        self
    }

    /// Sets the time before the first event.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> EventGenerator {
        self.delay = delay;
        self
    }

    /// Sets how many events are made in all.
    #[must_use]
    pub fn count(mut self, count: u64) -> EventGenerator {
        self.count = Some(count);
        self
    }

    /// Sets how many producers there are. Each keeps the interval for itself.
    #[must_use]
    pub fn producers(mut self, producers: usize) -> EventGenerator {
        self.producers = producers;
        self
    }
}

impl TryFrom<Settings> for EventGenerator {
    type Error = String;

    fn try_from(settings: Settings) -> Result<EventGenerator, String> {
        let interval = match (settings.interval, settings.rate) {
            (Some(_), Some(_)) => return Err("give either `interval` or `rate`".into()),
            (Some(interval), None) => interval.0,
            (None, Some(rate)) => rate.period(),
            (None, None) => INTERVAL,
        };
        let mut event = Event::new(match settings.data {
            Value::Null => Payload::Empty,
            Value::String(text) => text.into(),
            other => other.into(),
        });
        for (name, value) in settings.attributes {
            event.set_attribute(name, value);
        }
        if let Some(service) = settings.service {
            event.set_service(service);
        }
        Ok(EventGenerator {
            event,
            interval,
            delay: settings.delay.0,
            count: settings.count,
            producers: settings.producers,
        })
    }
}

impl Actor for EventGenerator {
    const KEEP_INPUT: bool = false;

    async fn start(&mut self, ctx: &Context) -> Result {
        let left = self.count.map(|count| Arc::new(AtomicU64::new(count)));
        for _ in 0..self.producers {
            let (interval, delay) = (self.interval, self.delay);
            let (event, left) = (self.event.clone(), left.clone());
            // The pace begins with the flow: other actors may take their time to start.
            ctx.produce(move |source| produce(source, event, Pace::new(interval, delay), left));
        }
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(self.event.clone())
            .map_err(|error| error.giving_back(event))
    }

    fn ports(&self) -> Ports {
        let is_endless = self.interval.is_zero() && self.count.is_none();
        let doubt = is_endless.then(|| Doubt {
            message: "`interval: 0s` without a `count` makes events for ever, as fast as the flow takes them: that takes whole processors"
                .into(),
            help: "give an `interval` such as `100ms`, or a `count`".into(),
        });
        Ports::any().source().ungrouped().doubts(doubt)
    }
}

async fn produce(
    source: Source,
    event: Event,
    mut pace: Pace,
    left: Option<Arc<AtomicU64>>,
) -> Result {
    let take_one = |left: &AtomicU64| {
        left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
            .is_ok()
    };
    while left.as_deref().is_none_or(take_one) {
        pace.next().await;
        match source.emit(event.clone()).await {
            // How the event ends is not this actor's business.
            Ok(settlement) => drop(settlement),
            Err(Refusal::Stopping) => break,
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(())
}
