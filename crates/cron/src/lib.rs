//! Events at times of the clock and the calendar: [`Cron`].

mod cron;
mod due;
mod state;

pub use cron::{Cron, Missed};

/// Adds the actor of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry
        .add::<Cron>("cron")
        .alias("cron_event_generator", "cron");
}
