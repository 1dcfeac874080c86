//! SQLite, which is a part of the program.

mod cell;
mod fault;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use compysition_core::{Context, Error, Result, Surroundings};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use serde_json::{Map, Value};

use crate::database::Manner;
use crate::job::{Job, Made};
use crate::statement::Statement;
use fault::{fault, of_file};

/// A file, and the connection to it. All that blocks is done on threads for that.
pub(crate) struct Sqlite {
    file: Arc<File>,
    /// Work that is broken off gives it back when it has been called off: with it a database in memory would be gone.
    connection: Arc<Mutex<Option<Connection>>>,
}

struct File {
    path: PathBuf,
    setup: Vec<String>,
    /// How long to wait while another writes.
    patience: Duration,
}

const MEMORY: &str = ":memory:";

/// How many steps SQLite does before it asks whether it is to go on: some tens of microseconds.
const STEPS: i32 = 1000;

impl Sqlite {
    /// Reads what stands behind `sqlite:`.
    ///
    /// # Errors
    /// If it is no file that there could be.
    pub(crate) fn new(path: &str, manner: Manner) -> Result<Sqlite, String> {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains('?') {
            return Err(
                "`url` names no file: write `sqlite:FILE`, without settings behind a `?`".into(),
            );
        }
        let path = match path {
            MEMORY => path.into(),
            _ => Surroundings::current().base.join(path),
        };
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
            let directory = directory.display();
            return Err(format!(
                "the directory `{directory}` of the database is missing: make it"
            ));
        }
        if path.is_dir() {
            return Err(format!(
                "`{}` is a directory: name a file in it",
                path.display()
            ));
        }
        let file = File {
            path,
            setup: manner.setup,
            patience: manner.timeout,
        };
        Ok(Sqlite {
            file: Arc::new(file),
            connection: Arc::default(),
        })
    }

    /// Returns the file; none if it is in memory.
    pub(crate) fn file(&self) -> Option<&Path> {
        let path = self.file.path.as_path();
        (path != Path::new(MEMORY)).then_some(path)
    }

    /// Opens the file and prepares the statements.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) async fn start(&mut self, job: &Arc<Job>, ctx: &Context) -> Result {
        let (file, job) = (self.file.clone(), job.clone());
        let connection = ctx.blocking(move || {
            let connection = file.open()?;
            // What a statement of several needs, one before it may make.
            if let [statement] = &job.statements[..] {
                let prepared = connection.prepare_cached(&statement.text);
                prepared.map_err(|error| fault(error, statement).into_error(&job))?;
            }
            Ok::<_, Error>(connection)
        });
        let connection = connection.await??;
        *lock(&self.connection) = Some(connection);
        Ok(())
    }

    /// Carries out the statements.
    ///
    /// # Errors
    /// What went wrong; then nothing was changed.
    pub(crate) async fn run(
        &mut self,
        job: &Arc<Job>,
        values: Vec<Value>,
        ctx: &Context,
    ) -> Result<Made> {
        let (file, connection) = (self.file.clone(), self.connection.clone());
        let call_off = CallOff::default();
        let (is_off, ours) = (call_off.0.clone(), job.clone());
        let mut work = std::pin::pin!(ctx.blocking(move || {
            // What was broken off before may have it for a moment.
            let mut place = lock(&connection);
            let mut connection = match place.take() {
                Some(connection) => connection,
                None => file.open()?,
            };
            let asks = move || is_off.load(Relaxed);
            let result = connection.progress_handler(STEPS, Some(asks));
            result.map_err(|error| of_file(error, &file.path))?;
            let made = carry_out(&mut connection, &ours, &values);
            *place = Some(connection);
            Ok::<_, Error>(made)
        }));
        let done = match tokio::time::timeout(job.timeout, &mut work).await {
            Ok(done) => done,
            Err(_) => {
                // It ends soon, and then it is known whether it was called off or just done.
                call_off.0.store(true, Relaxed);
                work.await
            }
        };
        let made = done??;
        made.map_err(|fault| fault.into_error(job))
    }
}

/// Locks the place of a connection. Who panicked with it has taken it away.
fn lock(place: &Mutex<Option<Connection>>) -> MutexGuard<'_, Option<Connection>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls the statement off when nobody waits for it any more.
#[derive(Default)]
struct CallOff(Arc<AtomicBool>);

impl Drop for CallOff {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Why the statements were not carried out.
pub(crate) enum Fault {
    TooSlow,
    Other(Error),
}

impl Fault {
    fn into_error(self, job: &Job) -> Error {
        match self {
            Fault::TooSlow => job.too_slow(),
            Fault::Other(error) => error,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Other(error)
    }
}

impl File {
    /// Opens the file, and makes it if there is none.
    fn open(&self) -> Result<Connection> {
        let opened = self.connect();
        opened.map_err(|error| of_file(error, &self.path))
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.patience)?;
        if self.path != Path::new(MEMORY) && !connection.is_readonly("main")? {
            connection.pragma_update(None, "journal_mode", "wal")?;
        }
        for statement in &self.setup {
            connection.execute_batch(statement)?;
        }
        Ok(connection)
    }
}

/// Carries out the statements, several of them as one transaction.
fn carry_out(connection: &mut Connection, job: &Job, values: &[Value]) -> Result<Made, Fault> {
    if let [statement] = &job.statements[..] {
        return execute(connection, statement, job, values);
    }
    let about = &job.statements[0];
    // It takes the right to write at once: two that asked for it in mid-way would wait for each other.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = transaction.map_err(|error| fault(error, about))?;
    let mut made = Made::Affected(0);
    for statement in &job.statements {
        made = execute(&transaction, statement, job, values)?;
    }
    transaction.commit().map_err(|error| fault(error, about))?;
    Ok(made)
}

fn execute(
    connection: &Connection,
    statement: &Statement,
    job: &Job,
    values: &[Value],
) -> Result<Made, Fault> {
    let wrong = |error| fault(error, statement);
    let mut prepared = connection.prepare_cached(&statement.text).map_err(wrong)?;
    for (index, &value) in statement.values.iter().enumerate() {
        let bound = cell::bound(&values[value])?;
        prepared
            .raw_bind_parameter(index + 1, bound)
            .map_err(wrong)?;
    }
    if prepared.column_count() == 0 {
        let before = connection.total_changes();
        prepared.raw_execute().map_err(wrong)?;
        // What makes a table leaves the number of the statement before it.
        let has_changed = connection.total_changes() != before;
        return Ok(Made::Affected(if has_changed {
            connection.changes()
        } else {
            0
        }));
    }
    let mut collected = job.collect();
    let mut columns = None;
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next().map_err(wrong)? {
        let columns = match &columns {
            Some(columns) => columns,
            None => columns.insert(cell::columns(row.as_ref())?),
        };
        let kept = match collected.wants() {
            false => None,
            true => {
                let cells = columns.iter().enumerate().map(|(index, column)| {
                    let value = row.get_ref(index).map_err(wrong)?;
                    Ok((column.name.clone(), column.value(value)?))
                });
                Some(cells.collect::<Result<Map<_, _>, Fault>>()?)
            }
        };
        collected.add(kept)?;
    }
    Ok(collected.finish()?)
}

/// Finds what is wrong with statements in themselves: there are no tables here, and to miss one is no mistake.
///
/// # Errors
/// What is wrong.
pub(crate) fn check(job: &Job) -> Result<(), String> {
    let Ok(empty) = Connection::open_in_memory() else {
        return Ok(());
    };
    for statement in &job.statements {
        match empty.prepare(&statement.text) {
            Ok(prepared) if prepared.parameter_count() != statement.values.len() => {
                return Err(
                    "there is a parameter in `query` that has no name: write `:name`".into(),
                );
            }
            Ok(_) => {}
            Err(error) => {
                if let Some(mistake) = fault::mistake(error, statement) {
                    return Err(mistake);
                }
            }
        }
    }
    Ok(())
}
