//! The database that the settings name.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Context, Result};
use serde_json::Value;

use crate::job::{Job, Made};
use crate::postgres::Postgres;
use crate::scan::Dialect;
use crate::sqlite::Sqlite;

/// A database, and the connection to it that one instance of the actor has.
pub(crate) enum Database {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
}

impl Database {
    /// Returns whether it is in another process.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Database::Postgres(_))
    }

    /// Returns its file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Database::Sqlite(sqlite) => sqlite.file(),
            Database::Postgres(_) => None,
        }
    }
}

/// What a database needs to know beside its address.
pub(crate) struct Manner {
    /// Statements for each new connection.
    pub(crate) setup: Vec<String>,
    pub(crate) connect_timeout: Duration,
    /// How long a statement may take.
    pub(crate) timeout: Duration,
}

impl Database {
    /// Reads the address. What is wrong with it is told without showing it: there may be a password in it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(url: &str, manner: Manner) -> Result<Database, String> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Ok(Database::Sqlite(Sqlite::new(path, manner)?));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Database::Postgres(Box::new(Postgres::new(url, manner)?)));
        }
        Err("`url` names no database: write `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`".into())
    }

    /// Returns whose SQL it understands.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Database::Sqlite(_) => Dialect::Sqlite,
            Database::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Checks what can be known of the statements without the database.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn check(&self, job: &Job) -> Result<(), String> {
        match self {
            Database::Sqlite(_) => crate::sqlite::check(job),
            Database::Postgres(_) => Ok(()),
        }
    }

    /// Connects, and has the database look at the statements.
    ///
    /// # Errors
    /// What no later try could make right.
    pub(crate) async fn start(&mut self, job: &Arc<Job>, ctx: &Context) -> Result {
        match self {
            Database::Sqlite(sqlite) => sqlite.start(job, ctx).await,
            Database::Postgres(postgres) => postgres.start(job, ctx).await,
        }
    }

    /// Carries out the statements with these values.
    ///
    /// # Errors
    /// What went wrong; then nothing of it is left, unless the connection was lost at the very end.
    pub(crate) async fn run(
        &mut self,
        job: &Arc<Job>,
        values: Vec<Value>,
        ctx: &Context,
    ) -> Result<Made> {
        match self {
            Database::Sqlite(sqlite) => sqlite.run(job, values, ctx).await,
            Database::Postgres(postgres) => postgres.run(job, &values, ctx).await,
        }
    }
}
