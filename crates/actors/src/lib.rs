//! The actors of compysition that need nothing but its core.
//!
//! * [`EventGenerator`] makes events at regular times;
//! * [`Stdout`] prints events;
//! * [`Discard`] ends events;
//! * [`Door`] lets a program or a test send events through a flow and get the answers.

mod discard;
mod door;
mod event_generator;
mod line_writer;
mod pace;
mod rate;
mod stdout;

pub use discard::Discard;
pub use door::{AskError, Door, DoorHandle};
pub use event_generator::EventGenerator;
pub use stdout::Stdout;

use compysition_core::Registry;

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut Registry) {
    registry
        .add::<EventGenerator>("event_generator")
        .alias("generator", "event_generator")
        .alias("test_event", "event_generator")
        .add::<Stdout>("stdout")
        .add::<Discard>("discard")
        .alias("null", "discard");
}
