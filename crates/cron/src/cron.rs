//! Events at times of the clock and the calendar.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use compysition_core::{Actor, Context, Event, FilePath, Payload, Ports, Refusal, Result, Source};
use compysition_schedule::{Cron as Expression, Schedule, Zone, wall_clock};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::due::Times;
use crate::state;

/// Makes events at times of the clock and the calendar. An event that comes in makes it send one more at once, as its child.
///
/// A schedule has five fields: minute, hour, day, month and weekday, or six with the second before them. A field is `*`, a number, a range
/// (`1-5`), each with a step (`*/5`, `8-18/2`) or without, or a list of those. Months and weekdays may be named (`jan`, `mon-fri`); Sunday is 0
/// and 7; `L` is the last day of a month. A day must be of the month and of the week; if neither field begins with `*`, one of the two is
/// enough. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` are short for the first moment of these.
///
/// Where clocks are changed, a schedule whose hours are `*` goes on as time passes: it neither leaves out nor repeats a moment. One that names hours
/// follows the clock on the wall: what falls into the hour that does not exist happens once, when that hour would have ended, and what falls into
/// the hour that is there twice happens in the first of them. A clock that is set back by less than an hour repeats nothing.
///
/// Events have the attribute `scheduled_at`, the time that they are for, such as `2026-03-29T03:00:00+02:00`; with `missed: once` one that
/// stands for others has `missed_from` as well, the first of those. A time is missed when it could not be told within 10 s: while the flow was full, the
/// machine slept, or, with `state`, the flow did not run.
///
/// Example: `cron: { schedule: "30 6 * * mon-fri", time_zone: Europe/Berlin, data: report }`
///
/// Purpose: time. Patterns: event message.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(from = "Settings")]
#[schemars(with = "Settings")]
pub struct Cron {
    event: Event,
    schedule: Schedule,
    missed: Missed,
    state: Option<PathBuf>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The times, such as `*/5 * * * *` for every five minutes.
    #[serde(alias = "cron")]
    schedule: Expression,
    /// The time zone that they are local in, such as `Europe/Berlin`, or `local` for that of the machine; `UTC` by default.
    #[serde(default)]
    time_zone: Zone,
    /// What becomes of times that were missed.
    #[serde(default)]
    missed: Missed,
    /// The file that remembers the last time, so that those are known that come while the flow does not run. What a flow that was killed had begun is
    /// not made again.
    state: Option<FilePath>,
    /// The payload: a text, or anything else as JSON.
    #[serde(default, alias = "payload")]
    data: Value,
    /// The attributes of each event.
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
    /// The service that the events are for.
    service: Option<String>,
}

/// Says what becomes of times that were missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// They are left out.
    #[default]
    Skip,
    /// The last of them is told, and stands for all.
    Once,
    /// Each of them is told, one after the other.
    All,
}

impl From<Settings> for Cron {
    fn from(settings: Settings) -> Cron {
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
        Cron {
            event,
            schedule: Schedule {
                cron: settings.schedule,
                time_zone: settings.time_zone,
            },
            missed: settings.missed,
            state: settings.state.map(|path| path.as_path().to_owned()),
        }
    }
}

impl Cron {
    /// Makes an actor that makes copies of an event at the times of a schedule.
    pub fn new(schedule: Schedule, event: impl Into<Event>) -> Cron {
        Cron {
            event: event.into(),
            schedule,
            missed: Missed::Skip,
            state: None,
        }
    }

    /// Sets what becomes of times that were missed.
    #[must_use]
    pub fn missed(mut self, missed: Missed) -> Cron {
        self.missed = missed;
        self
    }

    /// Sets the file that remembers the last time.
    #[must_use]
    pub fn state(mut self, path: impl Into<PathBuf>) -> Cron {
        self.state = Some(path.into());
        self
    }

    fn event_at(&self, time: SystemTime) -> Event {
        let scheduled = self.schedule.local(time);
        self.event.clone().with_attribute("scheduled_at", scheduled)
    }

    async fn produce(self, source: Source, last: Option<SystemTime>) -> Result {
        // Without a state the times begin with the flow: other actors may take their time to start.
        let begin = last.unwrap_or_else(wall_clock);
        let mut times = Times::new(self.schedule.clone(), self.missed, begin);
        if last.is_none() {
            self.remember(begin, &source).await;
        }
        while let Some(due) = times.next().await {
            let mut event = self.event_at(due.at);
            if let Some(first) = due.missed_from {
                event.set_attribute("missed_from", self.schedule.local(first));
            }
            match source.emit(event).await {
                // How the event ends is not this actor's business.
                Ok(settlement) => drop(settlement),
                Err(Refusal::Stopping) => break,
                Err(refusal) => return Err(refusal.into()),
            }
            self.remember(due.at, &source).await;
        }
        Ok(())
    }

    async fn remember(&self, time: SystemTime, source: &Source) {
        if let Some(path) = &self.state {
            state::save(path, time, &self.schedule, source.context()).await;
        }
    }
}

impl Actor for Cron {
    const KEEP_INPUT: bool = false;

    async fn start(&mut self, ctx: &Context) -> Result {
        let last = match &self.state {
            None => None,
            Some(path) => state::load(path, ctx).await?,
        };
        let cron = self.clone();
        ctx.produce(move |source| cron.produce(source, last));
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(self.event_at(wall_clock()))
            .map_err(|error| error.giving_back(event))
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().source().ungrouped().single();
        ports.works_on(self.state.clone()).owns(self.state.clone())
    }
}
