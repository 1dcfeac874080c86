//! A connection to a server, and what is prepared on it.

use std::pin::pin;

use compysition_core::{Context, Error, Result};
use serde_json::{Map, Value};
use tokio_postgres::types::ToSql;
use tokio_postgres::{CancelToken, Client, GenericClient, Statement as Prepared};

use super::address::Address;
use super::cell::{self, Cell};
use super::fault::{fault, has_to_be_prepared_again, unreachable};
use super::parameter::Parameter;
use crate::job::{Job, Made};
use crate::statement::Statement;

/// A connection to a server, and what is prepared on it.
pub(super) struct Session {
    client: Client,
    /// The statements, as far as they have been needed.
    prepared: Vec<Option<Prepared>>,
}

impl Session {
    /// Connects to a server. A task of the flow carries what is said.
    ///
    /// # Errors
    /// Unavailable, if it is not there; bad gateway, if it does not let us in.
    pub(super) async fn open(address: &Address, ctx: &Context) -> Result<Session> {
        let connected = address.config.connect(address.tls.clone()).await;
        let (client, connection) = connected.map_err(|error| unreachable(error, &address.name))?;
        let name = address.name.clone();
        ctx.spawner().spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("the connection to the database server {name} has ended: {error}");
            }
        });
        Ok(Session {
            client,
            prepared: Vec::new(),
        })
    }

    /// Carries out what is to be done first.
    ///
    /// # Errors
    /// What went wrong.
    pub(super) async fn set_up(&self, statements: &[String]) -> Result {
        for statement in statements {
            let done = self.client.batch_execute(statement).await;
            done.map_err(|error| fault(error, None))?;
        }
        Ok(())
    }

    /// Tells whether it can be used, as far as we know.
    pub(super) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// Returns what calls off that which is carried out.
    pub(super) fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
    }

    /// Prepares all statements.
    ///
    /// # Errors
    /// What is wrong with one.
    pub(super) async fn prepare(&mut self, job: &Job) -> Result {
        self.prepared.resize(job.statements.len(), None);
        for (statement, prepared) in job.statements.iter().zip(&mut self.prepared) {
            prepare(&self.client, statement, prepared).await?;
        }
        Ok(())
    }

    /// Carries out the statements, several of them as one transaction.
    ///
    /// # Errors
    /// What went wrong; then nothing was changed.
    pub(super) async fn carry_out(&mut self, job: &Job, values: &[Value]) -> Result<Made> {
        self.prepared.resize(job.statements.len(), None);
        match self.attempt(job, values).await {
            Err(Fault::Outdated) => {
                // A table has changed. Nothing was done yet, so it can be done once more.
                self.prepared.fill(None);
                self.attempt(job, values).await.map_err(Fault::into_error)
            }
            done => done.map_err(Fault::into_error),
        }
    }

    async fn attempt(&mut self, job: &Job, values: &[Value]) -> Result<Made, Fault> {
        let statements = job.statements.iter().zip(&mut self.prepared);
        if job.statements.len() == 1 {
            let mut made = Made::Affected(0);
            for (statement, prepared) in statements {
                made = execute(&self.client, statement, prepared, job, values).await?;
            }
            return Ok(made);
        }
        // If it is dropped, it is rolled back.
        let transaction = self
            .client
            .transaction()
            .await
            .map_err(Fault::of_transaction)?;
        let mut made = Made::Affected(0);
        for (statement, prepared) in statements {
            made = execute(&transaction, statement, prepared, job, values).await?;
        }
        transaction.commit().await.map_err(Fault::of_transaction)?;
        Ok(made)
    }
}

/// Why statements were not carried out.
enum Fault {
    /// What is prepared does not fit the tables any more.
    Outdated,
    Other(Error),
}

impl Fault {
    fn of_transaction(error: tokio_postgres::Error) -> Fault {
        Fault::Other(fault(error, None))
    }

    fn into_error(self) -> Error {
        match self {
            Fault::Outdated => {
                Error::unavailable("the tables change while the statement is carried out")
            }
            Fault::Other(error) => error,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Other(error)
    }
}

/// Prepares a statement, unless it is.
async fn prepare(
    client: &impl GenericClient,
    statement: &Statement,
    prepared: &mut Option<Prepared>,
) -> Result<Prepared> {
    if let Some(prepared) = prepared {
        return Ok(prepared.clone());
    }
    let made = client.prepare(&statement.text).await;
    let made = made.map_err(|error| fault(error, Some(statement)))?;
    Job::check_columns(made.columns().iter().map(|column| column.name()))?;
    for column in made.columns() {
        if !cell::is_known(column.type_()) {
            let (name, type_) = (column.name(), column.type_());
            return Err(Error::internal(format!(
                "column `{name}` is of the type {type_}, which has no form in JSON: write `{name}::text`"
            )));
        }
    }
    *prepared = Some(made.clone());
    Ok(made)
}

async fn execute(
    client: &impl GenericClient,
    statement: &Statement,
    prepared: &mut Option<Prepared>,
    job: &Job,
    values: &[Value],
) -> Result<Made, Fault> {
    let prepared = prepare(client, statement, prepared).await?;
    let wrong = |error: tokio_postgres::Error| match has_to_be_prepared_again(&error) {
        true => Fault::Outdated,
        false => Fault::Other(fault(error, Some(statement))),
    };
    let types = prepared.params().iter().zip(&statement.values);
    let parameters = types.map(|(type_, &value)| Parameter::new(&values[value], type_));
    let parameters = parameters.collect::<Result<Vec<_>>>()?;
    let parameters = parameters
        .iter()
        .map(|parameter| parameter as &(dyn ToSql + Sync));
    let rows = client
        .query_raw(&prepared, parameters)
        .await
        .map_err(wrong)?;
    let mut rows = pin!(rows);
    let mut collected = job.collect();
    while let Some(row) = next(rows.as_mut()).await.map_err(wrong)? {
        let kept = match collected.wants() {
            false => None,
            true => {
                let cells = row.columns().iter().enumerate().map(|(index, column)| {
                    let Cell(value) = row.try_get(index).map_err(wrong)?;
                    Ok((column.name().to_owned(), value))
                });
                Some(cells.collect::<Result<Map<_, _>, Fault>>()?)
            }
        };
        collected.add(kept)?;
    }
    match prepared.columns().is_empty() {
        true => Ok(Made::Affected(rows.rows_affected().unwrap_or_default())),
        false => Ok(collected.finish()?),
    }
}

/// Returns the next row.
async fn next(
    mut rows: std::pin::Pin<&mut tokio_postgres::RowStream>,
) -> Result<Option<tokio_postgres::Row>, tokio_postgres::Error> {
    use futures_core::Stream;
    std::future::poll_fn(|cx| rows.as_mut().poll_next(cx))
        .await
        .transpose()
}
