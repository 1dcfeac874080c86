//! What a flow file says of tokens.

use std::sync::Arc;

use compysition_core::{Error, FilePath, Result, TimeSpan};
use schemars::JsonSchema;
use serde::Deserialize;

use super::algorithm::Algorithm;
use super::claims::Rules;
use super::key_set::KeySet;
use super::remote::Remote;
use super::texts::Texts;
use crate::secret::Secret;

pub(crate) const REFRESH: TimeSpan = TimeSpan::seconds(3600);
pub(crate) const COOLDOWN: TimeSpan = TimeSpan::seconds(10);
pub(crate) const LEEWAY: TimeSpan = TimeSpan::seconds(30);
pub(crate) const REALM: &str = "restricted";
pub(crate) const ROLES: &str = "roles";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// What tokens are signed with that use a shared secret (HS256 and its kin), at least 32 bytes; best `${secret:NAME}`.
    secret: Option<Secret>,
    /// A file of public keys (PEM).
    key: Option<FilePath>,
    /// A file of keys as JSON (a JWK set).
    jwks: Option<FilePath>,
    /// The URL of such keys, as issuers publish them. They are fetched with the first token, again when they are older than `refresh`,
    /// and when a token names a key that is not among them. While the server gives none, those that are known are used for another day.
    /// Take `https://`, unless nobody else is on the net between.
    jwks_url: Option<String>,
    /// A file of certificates (PEM) to trust for `jwks_url`, instead of those of the well-known authorities.
    ca: Option<FilePath>,
    /// How old the keys of `jwks_url` may become.
    #[serde(default = "refresh")]
    #[serde(serialize_with = "crate::written::written")]
    refresh: TimeSpan,
    /// How long `jwks_url` is left in peace after keys were fetched or could not be; meanwhile tokens of unknown keys are refused.
    #[serde(default = "cooldown")]
    #[serde(serialize_with = "crate::written::written")]
    cooldown: TimeSpan,
    /// The algorithms that tokens may be signed with; by default all that the keys are for.
    #[serde(default, deserialize_with = "super::texts::some")]
    algorithms: Vec<Algorithm>,
    /// Whose tokens are good (`iss`), one or several; by default anybody's who has the key.
    #[serde(default)]
    issuer: Texts,
    /// For whom tokens must be (`aud`), one or several. Tokens that name an audience are refused without it.
    #[serde(default)]
    audience: Texts,
    /// By how much the clock of an issuer may be wrong.
    #[serde(default = "leeway")]
    #[serde(serialize_with = "crate::written::written")]
    leeway: TimeSpan,
    /// The claims that tokens must have; `exp` by default, so that none is good for ever.
    #[serde(default = "required")]
    required: Vec<String>,
    /// The scope that a token must have, all of it (`scope` or `scp`): `orders.read orders.write`, or a list.
    #[serde(default)]
    scope: Texts,
    /// The roles of which a token must have one.
    #[serde(default)]
    roles: Texts,
    /// The claim that holds the roles, or the path to it, such as `realm_access.roles`.
    #[serde(default = "roles")]
    roles_claim: String,
    /// What the tokens are for; clients are told when they come without a good one.
    #[serde(default = "realm")]
    pub(crate) realm: String,
    /// Hides the token from the actors behind this one, and from logs. `false` is for flows that pass it on.
    #[serde(default = "hide")]
    pub(crate) hide: bool,
}

fn refresh() -> TimeSpan {
    REFRESH
}

fn cooldown() -> TimeSpan {
    COOLDOWN
}

fn leeway() -> TimeSpan {
    LEEWAY
}

fn required() -> Vec<String> {
    vec!["exp".into()]
}

fn roles() -> String {
    ROLES.into()
}

fn realm() -> String {
    REALM.into()
}

fn hide() -> bool {
    true
}

/// Where keys come from.
#[derive(Clone)]
pub(crate) enum Keys {
    Known(Arc<KeySet>),
    Remote(Arc<Remote>),
}

impl Settings {
    /// Returns the keys, with what is wrong with them, and the algorithms that are allowed.
    pub(crate) fn keys(&self) -> Result<Keys> {
        let given = (&self.secret, &self.key, &self.jwks, &self.jwks_url);
        let keys = match given {
            (Some(secret), None, None, None) => known(KeySet::of_secret(secret)),
            (None, Some(path), None, None) => known(KeySet::of_pem(path.as_path())?),
            (None, None, Some(path), None) => known(KeySet::of_jwks(path.as_path())?),
            (None, None, None, Some(url)) => {
                let remote = Remote::new(url, self.ca.as_ref().map(FilePath::as_path))?;
                remote.set_times(self.refresh.0, self.cooldown.0);
                Keys::Remote(Arc::new(remote))
            }
            _ => {
                let message = "the keys come from one of `secret`, `key`, `jwks` and `jwks_url`";
                return Err(Error::internal(message));
            }
        };
        if self.ca.is_some() && self.jwks_url.is_none() {
            return Err(Error::internal("`ca` is for `jwks_url` only"));
        }
        check_algorithms(&keys, &self.algorithms)?;
        Ok(keys)
    }

    pub(crate) fn algorithms(&self) -> Vec<Algorithm> {
        self.algorithms.clone()
    }

    pub(crate) fn rules(self) -> Rules {
        let scope = self.scope.into_vec();
        let words = scope.iter().flat_map(|text| text.split_whitespace());
        Rules {
            issuer: self.issuer.into_vec(),
            audience: self.audience.into_vec(),
            leeway: self.leeway.0,
            required: self.required,
            scope: words.map(str::to_owned).collect(),
            roles: self.roles.into_vec(),
            roles_claim: self.roles_claim,
        }
    }
}

fn known(keys: KeySet) -> Keys {
    Keys::Known(Arc::new(keys))
}

/// Checks that each algorithm that was set has a key that is for it.
pub(crate) fn check_algorithms(keys: &Keys, algorithms: &[Algorithm]) -> Result {
    let is_for = |algorithm: &&Algorithm| match keys {
        Keys::Known(keys) => keys.is_for(**algorithm),
        // What a server publishes is no secret.
        Keys::Remote(_) => !algorithm.is_symmetric(),
    };
    match algorithms.iter().find(|algorithm| !is_for(algorithm)) {
        Some(algorithm) => Err(Error::internal(format!(
            "none of the keys is for {algorithm}"
        ))),
        None => Ok(()),
    }
}
