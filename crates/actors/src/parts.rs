//! The parts of one event that have come to a join.

use std::collections::BTreeMap;

use compysition_core::{Context, Error, Event, Held, Payload};
use serde_json::{Map, Value};
use tokio::time::Instant;

/// What waits for the other parts.
pub(crate) struct Parts {
    /// By their place among the parts.
    pub(crate) held: BTreeMap<usize, Held>,
    /// The place of the one that came first.
    first: usize,
    /// When the others are late.
    pub(crate) due: Instant,
}

/// What has come, by the names of the parts.
pub(crate) struct Come<'a> {
    /// The payloads of those that did not fail.
    pub(crate) good: Map<String, Value>,
    pub(crate) errors: Map<String, Value>,
    pub(crate) missing: Vec<&'a str>,
    pub(crate) first_error: Option<Error>,
}

impl Parts {
    pub(crate) fn new(first: usize, due: Instant) -> Parts {
        Parts {
            held: BTreeMap::new(),
            first,
            due,
        }
    }

    /// Tells what has come of the parts of these names.
    pub(crate) fn look<'a>(&self, names: &'a [String]) -> Come<'a> {
        let mut come = Come {
            good: Map::new(),
            errors: Map::new(),
            missing: Vec::new(),
            first_error: None,
        };
        for (place, name) in names.iter().enumerate() {
            let Some(event) = self.held.get(&place).map(Held::event) else {
                come.missing.push(name.as_str());
                continue;
            };
            match event.error() {
                None => _ = come.good.insert(name.clone(), event.payload().to_value()),
                Some(failure) => {
                    come.first_error
                        .get_or_insert_with(|| failure.error.clone());
                    come.errors.insert(name.clone(), failure.to_value());
                }
            }
        }
        come
    }

    /// Unites the parts in an event with the attributes of the first that came and did not fail.
    pub(crate) fn unite(mut self, payload: impl Into<Payload>, ctx: &Context) -> Event {
        let is_good = |held: &Held| held.event().error().is_none();
        let base = match self.held.get(&self.first).is_some_and(is_good) {
            true => Some(self.first),
            false => {
                let good = self.held.iter().find(|(_, held)| is_good(held));
                good.map(|(place, _)| *place)
            }
        };
        let base = base.and_then(|base| self.held.remove(&base));
        ctx.merge(base.into_iter().chain(self.held.into_values()), payload)
    }
}
