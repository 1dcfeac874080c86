//! Schedules in cron's notation and in time zones.
//!
//! A [`Cron`] says which local times are meant, a [`Zone`] where they are local, and a [`Schedule`] is both: it tells
//! the next moment after another one. [`wall_clock`] and [`sleep_until`] follow the clock of the machine in a running
//! program, and that of the runtime in a test that stops it.

mod clock;
mod cron;
mod field;
mod schedule;
mod zone;

pub use clock::{sleep_until, wall_clock};
pub use cron::Cron;
pub use field::ParseCronError;
pub use schedule::Schedule;
pub use zone::{UnknownZoneError, Zone};
