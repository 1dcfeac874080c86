//! The decision whether credentials are good.

use std::collections::HashSet;
use std::thread::available_parallelism;
use std::time::Duration;

use compysition_core::{Context, Error, Result};
use tokio::sync::Semaphore;

use super::credentials::Credentials;
use super::memory::{Mark, Memory};
use super::users::{Check, Users};

/// Decides whether credentials are good, and remembers for a while those that were.
pub(crate) struct Gate {
    memory: Memory,
    plain: HashSet<Mark>,
    slow: Option<Check>,
    /// How many slow checks may run at a time. Half of the processors are left for those who are known
    /// already, so that guessing passwords in bulk does not lock them out.
    turns: Semaphore,
}

/// What can be said of credentials at once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    Bad,
    /// A slow check must tell.
    Open,
}

impl Gate {
    /// Makes a gate for these users, which remembers for the time given.
    ///
    /// # Errors
    /// Internal, if the system has no random numbers.
    pub(crate) fn new(users: &Users, lasts: Duration) -> Result<Gate> {
        let memory = Memory::new(lasts)?;
        let mut plain = HashSet::new();
        let mut slow = None;
        match users {
            Users::Slow(check) => slow = Some(check.clone()),
            Users::Plain(users) => {
                let marks = users.iter().map(|(user, password)| {
                    let (user, password) = (user.clone(), password.clone());
                    memory.mark(&Credentials { user, password })
                });
                plain.extend(marks);
            }
        }
        let processors = available_parallelism().map_or(1, usize::from);
        let turns = Semaphore::new(processors.div_ceil(2));
        Ok(Gate {
            memory,
            plain,
            slow,
            turns,
        })
    }

    pub(crate) fn verdict(&self, credentials: &Credentials, ctx: &Context) -> Verdict {
        let mark = self.memory.mark(credentials);
        match &self.slow {
            None if self.plain.contains(&mark) => Verdict::Good,
            None => Verdict::Bad,
            Some(_) if self.memory.knows(&mark, ctx.now()) => Verdict::Good,
            Some(_) => Verdict::Open,
        }
    }

    /// Finds out by a slow check, when its turn has come.
    ///
    /// # Errors
    /// Panicked, if the function that checks does.
    pub(crate) async fn verify(&self, credentials: Credentials, ctx: &Context) -> Result<bool> {
        let turn = self.turns.acquire().await;
        let _turn = turn.map_err(|_| Error::internal("the gate is closed"))?;
        // Somebody with the same credentials may have been first.
        let check = match (self.verdict(&credentials, ctx), &self.slow) {
            (Verdict::Open, Some(check)) => check.clone(),
            (verdict, _) => return Ok(verdict == Verdict::Good),
        };
        let mark = self.memory.mark(&credentials);
        let is_good = ctx
            .blocking(move || check(&credentials.user, &credentials.password))
            .await?;
        if is_good {
            self.memory.remember(mark, ctx.now());
        }
        Ok(is_good)
    }
}
