//! Actors for compysition that remember what they have seen: [`Deduplicate`].

mod answer;
mod deduplicate;
mod file;
mod keys;
mod memory;
mod repeat;
mod settings;
mod under_way;

pub use deduplicate::Deduplicate;
pub use settings::Interrupted;

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry.add::<Deduplicate>("deduplicate");
}
