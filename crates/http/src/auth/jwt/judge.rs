//! Whether a token is good.

use std::sync::Arc;

use compysition_core::Result;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::algorithm::Algorithm;
use super::claims::Rules;
use super::key_set::KeySet;
use super::refusal::Refusal;
use super::remote::Remote;
use super::settings::Keys;
use super::token::{Claims, Token, Unverified, WRONG};

/// What a token must be.
#[derive(Clone)]
pub(crate) struct Judge {
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) rules: Rules,
    pub(crate) realm: String,
}

/// What can be said of a token at once.
pub(crate) enum Judged {
    Done(Result<Claims, Refusal>),
    Open(Open),
}

/// A token for which keys must be fetched first.
pub(crate) struct Open {
    token: Token,
    remote: Arc<Remote>,
    /// The keys that do not suffice, and a place among those who wait for better ones.
    known: Option<(Arc<KeySet>, OwnedSemaphorePermit)>,
}

impl Judge {
    /// Judges a token at once, or says for which keys it takes more.
    pub(crate) fn judge(&self, token: Token, keys: &Keys, now: Instant) -> Judged {
        let remote = match keys {
            Keys::Remote(remote) => remote,
            Keys::Known(keys) => {
                let verified = token.verify(keys, &self.algorithms);
                return Judged::Done(self.conclude(verified));
            }
        };
        let known = match remote.keys(now) {
            None => None,
            Some(keys) => {
                let verified = token.verify(&keys, &self.algorithms);
                let place = match verified {
                    Err(Unverified::UnknownKey) => remote.place(now),
                    _ => None,
                };
                match place {
                    Some(place) => Some((keys, place)),
                    None => return Judged::Done(self.conclude(verified)),
                }
            }
        };
        let remote = remote.clone();
        Judged::Open(Open {
            token,
            remote,
            known,
        })
    }

    fn conclude(&self, verified: Result<Claims, Unverified>) -> Result<Claims, Refusal> {
        let claims = verified.map_err(|why| match why {
            Unverified::Bad(why) => Refusal::bad(why),
            Unverified::UnknownKey => Refusal::bad(WRONG),
        })?;
        self.rules.check(&claims)?;
        Ok(claims)
    }
}

impl Open {
    /// Fetches the keys and judges the token.
    ///
    /// # Errors
    /// Those of the fetching; unauthorized and forbidden, if the token is not good.
    pub(crate) async fn fetch_and_verify(self, judge: &Judge) -> Result<Claims> {
        let known = self.known.as_ref().map(|(keys, _)| keys);
        let keys = self.remote.fetch(known).await?;
        let claims = judge.conclude(self.token.verify(&keys, &judge.algorithms));
        claims.map_err(|refusal| refusal.into_error(&judge.realm))
    }
}
