//! Databases for compysition: [`Sql`] asks and changes SQLite and PostgreSQL.
//!
//! The actor knows statements with named parameters and a database, which is one of two kinds; what each
//! kind needs (connections, types, errors) stands in a module of its own, and meets in JSON.

mod clock;
mod database;
mod job;
mod postgres;
mod scan;
mod sql;
mod sqlite;
mod statement;

pub use sql::{Rows, Sql};

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry.add::<Sql>("sql");
}
