//! PostgreSQL, over a connection of our own.

mod address;
mod array;
mod cell;
mod fault;
mod numeric;
mod parameter;
mod session;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Context, Error, ErrorKind, Result, Spawner};
use serde_json::Value;
use tokio::time::timeout;
use tokio_postgres::CancelToken;

use crate::database::Manner;
use crate::job::{Job, Made};
use address::Address;
use session::Session;
use tls::Tls;

/// A server, and the connection to it.
pub(crate) struct Postgres {
    address: Address,
    setup: Vec<String>,
    connect_timeout: Duration,
    session: Option<Session>,
}

impl Postgres {
    /// Reads the url.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(url: &str, manner: Manner) -> Result<Postgres, String> {
        Ok(Postgres {
            address: Address::new(url)?,
            setup: manner.setup,
            connect_timeout: manner.connect_timeout,
            session: None,
        })
    }

    /// Connects and prepares the statements, if the server is there.
    ///
    /// # Errors
    /// What is wrong with the login or the statements.
    pub(crate) async fn start(&mut self, job: &Arc<Job>, ctx: &Context) -> Result {
        let preparing = async {
            let mut session = self.connect(ctx).await?;
            // What a statement of several needs, one before it may make.
            if job.statements.len() == 1 {
                session.prepare(job).await?;
            }
            Ok(session)
        };
        match preparing.await {
            Ok(session) => self.session = Some(session),
            Err(error) if is_passing(&error) => {
                let (actor, reason) = (ctx.actor(), error.message());
                tracing::warn!(
                    actor,
                    "{reason}; it will be tried again for the first event"
                );
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Carries out the statements.
    ///
    /// # Errors
    /// What went wrong; then nothing was changed, unless the connection was lost at the very end.
    pub(crate) async fn run(&mut self, job: &Job, values: &[Value], ctx: &Context) -> Result<Made> {
        let kept = self.session.take().filter(Session::is_open);
        let mut session = match kept {
            Some(session) => session,
            None => self.connect(ctx).await?,
        };
        let mut call_off = CallOff {
            what: Some((session.cancel_token(), self.address.tls.clone())),
            spawner: ctx.spawner(),
        };
        // If it is not done in time, or the future is dropped, the session is gone: nobody could know what it is at.
        let made = timeout(job.timeout, session.carry_out(job, values)).await;
        let made = made.map_err(|_| job.too_slow())?;
        if made
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::Exceeded)
        {
            // There may be many more rows.
            return made;
        }
        call_off.what = None;
        self.session = Some(session);
        made
    }

    async fn connect(&self, ctx: &Context) -> Result<Session> {
        let connecting = async {
            let session = Session::open(&self.address, ctx).await?;
            session.set_up(&self.setup).await?;
            Ok(session)
        };
        timeout(self.connect_timeout, connecting)
            .await
            .unwrap_or_else(|_| {
                let (name, time) = (&self.address.name, self.connect_timeout);
                Err(Error::unavailable(format!(
                    "the database server {name} did not answer in {time:?}"
                )))
            })
    }
}

/// Tells whether it may be better later.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
}

/// Has the server call a statement off that nobody waits for any more.
struct CallOff {
    what: Option<(CancelToken, Tls)>,
    spawner: Spawner,
}

impl Drop for CallOff {
    fn drop(&mut self) {
        let Some((token, tls)) = self.what.take() else {
            return;
        };
        self.spawner.spawn(async move {
            // What cannot be called off ends by itself.
            if let Err(error) = token.cancel_query(tls).await {
                tracing::debug!("a statement could not be called off: {error}");
            }
        });
    }
}
