//! ZeroMQ for compysition: sockets behind a narrow module, and the actors on them.

mod links;
pub mod socket;

pub use links::{Keys, ZeroMq};

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    let _ = registry;
}
