//! JSON for compysition: [`JsonSchema`] checks it, [`Jq`] reshapes it.
//!
//! Both are actors; [`Schema`] and [`Program`] are what they are made of.

mod files;
mod jq;
mod json_schema;
mod locate;
mod payload;
mod program;
mod schema;
mod value;

pub use jq::{Jq, Outputs};
pub use json_schema::JsonSchema;
pub use program::Program;
pub use schema::{Draft, Schema};

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry
        .add::<JsonSchema>("json_schema")
        .alias("json_validator", "json_schema")
        .add::<Jq>("jq");
}
