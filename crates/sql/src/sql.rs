//! Statements for a database.

use std::collections::BTreeMap;
use std::sync::Arc;

use compysition_core::{Actor, Context, Event, Ports, Result, TimeSpan};
use compysition_expression::ValueTemplate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::database::{Database, Manner};
use crate::job::{Job, Made};
use crate::statement::Statement;

/// Asks or changes a database, SQLite or PostgreSQL, and sends on what it answers.
///
/// A name with a colon in the `query` is a parameter, and has its value in `with`. The value is handed over beside the statement and never becomes a
/// part of it, whatever an event says. A name without a value, and a value that no name asks for, are mistakes.
///
/// The payload becomes a list of objects, one for each row. Of a statement that gives no rows the event goes on as it came in; with `into: PATH` beside
/// the actor, `{ "affected": 2 }` is put there, the number of changed rows. Several statements in a list are one transaction, and the last one's answer counts.
///
/// Whole numbers, floats, booleans, texts and `NULL` are what they are in JSON, and `json` is a part of it. Bytes are base64; times are ISO 8601, those of
/// `timestamptz` in UTC; an `interval` is a duration such as `P1DT2H`; arrays are lists, composites are objects. A `numeric` is a number, or a text if it has more than 15
/// digits that count, which a number would lose; so is a float that is not finite. A column of a type that is not known here needs a cast (`x::text`). SQLite
/// gives what is stored, but JSON for a column that is declared `json` and a boolean for one that is declared `boolean`.
///
/// Values go the same way back: base64 for bytes in PostgreSQL, a list for an array, and for `json` any list or object, or a text that is JSON already. In SQLite lists and objects
/// become JSON texts.
///
/// A violated unique or exclusion constraint is `conflict`, another constraint `unprocessable`, a value that does not fit its type `malformed`. A
/// database that cannot be reached, has no room, or gave up for another's sake (a deadlock) is `unavailable`, one that refuses the login is `bad_gateway`, a statement that takes too long is
/// `timeout` and is called off. A mistake in the statement is `internal`, with its line and column.
///
/// Each instance of the actor has a connection of its own, so `pool: 8` is a pool of eight; it keeps its statements prepared. A connection that was lost is made
/// anew for the next event: `retry` beside the actor has an event wait for that. A PostgreSQL server that is not there does not keep the flow from starting, a missing
/// directory of SQLite's does. SQLite files are in WAL mode: many read while one writes, and who would write meanwhile waits up to `timeout`.
///
/// Example: `sql: { url: "sqlite::memory:", query: "select max from (select 7 as id, 100 as max) where id = :id", with: { id: "{{ attributes.customer.id }}" } }`
///
/// Purpose: in and out. Patterns: content enricher, channel adapter.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Sql {
    database: Database,
    job: Arc<Job>,
    /// The values of the parameters.
    values: Vec<ValueTemplate>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The database: `sqlite:FILE`, where the file is made if there is none and a relative path begins at the flow file, or
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with `%40` and the like for special characters. Behind a `?` PostgreSQL may have settings as its own programs know them,
    /// such as `sslmode`: `disable`, `prefer` (the default) and `require`, which trust any certificate, `verify-ca` and `verify-full`; `sslrootcert` is the file
    /// of the certificate to trust instead of the well-known authorities; `host=/run/postgresql` is a socket.
    url: String,
    /// The statement, or a list of statements for one transaction.
    query: OneOrMore,
    /// The values of the parameters by their names. Texts are templates; one that is an expression as a whole keeps the type of its value.
    #[serde(default)]
    with: BTreeMap<String, ValueTemplate>,
    /// What the payload becomes: a list of all rows, or the first row.
    #[serde(default)]
    rows: Rows,
    /// How many rows there may be; more are `exceeded`.
    #[serde(default = "max_rows")]
    max_rows: usize,
    /// Statements that are carried out on each new connection, before any other: they set something for it, or make a table that is missing.
    #[serde(default)]
    setup: Option<OneOrMore>,
    /// How long the statements may take, together; then they are called off.
    #[serde(default = "timeout")]
    timeout: TimeSpan,
    /// How long it may take to connect.
    #[serde(default = "connect_timeout")]
    connect_timeout: TimeSpan,
}

/// Says what becomes of the rows that a statement gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// A list of all of them.
    #[default]
    List,
    /// The first one; none is `not_found`.
    First,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn into_list(self) -> Vec<String> {
        match self {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(more) => more,
        }
    }
}

fn max_rows() -> usize {
    10_000
}

fn timeout() -> TimeSpan {
    TimeSpan::seconds(30)
}

fn connect_timeout() -> TimeSpan {
    TimeSpan::seconds(5)
}

impl Actor for Sql {
    async fn start(&mut self, ctx: &Context) -> Result {
        self.database.start(&self.job, ctx).await
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let values = self.values.iter();
        let values = values.map(|value| value.evaluate((&event, ctx)));
        let values = values.collect::<Result<_>>()?;
        match self.database.run(&self.job, values, ctx).await? {
            Made::Affected(_) if ctx.destination().is_none() => ctx.send(event),
            made => ctx.send(event.with(made.into_value())),
        }
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().sink();
        match self.database.is_server() {
            true => ports.outside(),
            false => ports.works_on(self.database.file()),
        }
    }
}

impl TryFrom<Settings> for Sql {
    type Error = String;

    fn try_from(settings: Settings) -> Result<Sql, String> {
        let manner = Manner {
            setup: settings.setup.map(OneOrMore::into_list).unwrap_or_default(),
            connect_timeout: settings.connect_timeout.0,
            timeout: settings.timeout.0,
        };
        let database = Database::new(&settings.url, manner)?;
        let (names, values): (Vec<_>, Vec<_>) = settings.with.into_iter().unzip();
        let mut used = vec![false; names.len()];
        let statements = settings.query.into_list().into_iter().map(|query| {
            if query.trim().is_empty() {
                return Err("`query` is empty".into());
            }
            Statement::new(query, database.dialect(), &names, &mut used)
        });
        let statements = statements.collect::<Result<Vec<_>, String>>()?;
        if let Some((name, _)) = names.iter().zip(&used).find(|(_, used)| !**used) {
            return Err(format!(
                "no `:{name}` in `query` asks for the `{name}` in `with`"
            ));
        }
        if statements.is_empty() {
            return Err("`query` is empty".into());
        }
        for (name, time) in [
            ("timeout", settings.timeout),
            ("connect_timeout", settings.connect_timeout),
        ] {
            if time.0.is_zero() {
                return Err(format!("`{name}: 0` leaves no time at all"));
            }
        }
        let job = Job {
            statements,
            rows: settings.rows,
            max_rows: settings.max_rows,
            timeout: settings.timeout.0,
        };
        database.check(&job)?;
        Ok(Sql {
            database,
            job: Arc::new(job),
            values,
        })
    }
}
