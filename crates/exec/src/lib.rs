//! External programs as actors of compysition: [`Exec`].

mod answer;
mod child;
mod each;
mod envelope;
mod exec;
mod fault;
mod frame;
#[cfg(test)]
mod fuzz;
mod keep;
mod program;
mod restarts;
mod stderr;

pub use exec::{Exec, Mode};
pub use frame::Frame;
pub use restarts::Restarts;

/// Adds the actor of this crate to a registry, under the name that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry.add::<Exec>("exec");
}
