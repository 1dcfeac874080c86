//! The actor that asks for a token.

use std::sync::Arc;

use compysition_core::{Actor, Context, Error, Event, FilePath, Result};
use http::header::AUTHORIZATION;
use schemars::JsonSchema;
use serde::Deserialize;

use super::algorithm::Algorithm;
use super::claims::Rules;
use super::judge::{Judge, Judged};
use super::key_set::KeySet;
use super::refusal::Refusal;
use super::remote::Remote;
use super::settings::{self, Keys, Settings, check_algorithms};
use super::token::{Claims, Token};
use crate::HttpEvent;
use crate::auth::credentials::hide;
use crate::secret::Secret;

/// The attribute that holds what the token claims.
const CLAIMS: &str = "claims";
/// The attribute that names who has come in.
const USER: &str = "user";

/// Lets requests pass that bring a good token: a JSON Web Token in the header `authorization: Bearer …`.
///
/// A token is good if a key of the issuer has signed it, it has not expired, and it is for us. The attribute `claims` then holds what it
/// claims, and `user` its `sub`. All others fail as `unauthorized`, which a door answers by 401 and a challenge that tells why; who does
/// not have the `scope` or one of the `roles` that are needed fails as `forbidden` (403). If the keys cannot be fetched it is an error of
/// the back-end (502 to 504).
///
/// The keys come from one of `secret`, `key`, `jwks` and `jwks_url`. HS256, HS384, HS512, RS256 to RS512, PS256 to PS512, ES256 to ES512
/// and EdDSA are known; for which of them a key is follows from its kind, whatever a token says. Tokens that are encrypted or not signed are
/// refused.
///
/// Further conditions are for an actor behind this one, such as `filter: { condition: "attributes.claims.tenant == 'acme'", otherwise:
/// others }`.
///
/// Example: `jwt_auth: { jwks_url: "https://login.example.org/keys", issuer: "https://login.example.org", audience: orders, scope: orders.read }`
///
/// Purpose: security. Patterns: message filter, content enricher.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct JwtAuth {
    keys: Keys,
    judge: Arc<Judge>,
    hide: bool,
}

impl JwtAuth {
    /// Makes the actor for tokens that are signed with a shared secret, of at least 32 bytes.
    ///
    /// # Errors
    /// If the secret is shorter.
    pub fn with_secret(secret: &str) -> Result<JwtAuth> {
        let keys = KeySet::of_secret(&Secret::new(secret)?);
        Ok(JwtAuth::new(Keys::Known(Arc::new(keys))))
    }

    /// Makes the actor with the public keys of a PEM file.
    ///
    /// # Errors
    /// If it cannot be read, or one of its keys cannot be used.
    pub fn with_key(path: impl Into<FilePath>) -> Result<JwtAuth> {
        let keys = KeySet::of_pem(path.into().as_path())?;
        Ok(JwtAuth::new(Keys::Known(Arc::new(keys))))
    }

    /// Makes the actor with the keys of a JSON file (a JWK set).
    ///
    /// # Errors
    /// If it cannot be read, or holds no key that can be used.
    pub fn with_jwks(path: impl Into<FilePath>) -> Result<JwtAuth> {
        let keys = KeySet::of_jwks(path.into().as_path())?;
        Ok(JwtAuth::new(Keys::Known(Arc::new(keys))))
    }

    /// Makes the actor with the keys that an issuer publishes.
    ///
    /// # Errors
    /// If it is no URL.
    pub fn with_jwks_url(url: &str) -> Result<JwtAuth> {
        let remote = Remote::new(url, None)?;
        Ok(JwtAuth::new(Keys::Remote(Arc::new(remote))))
    }

    fn new(keys: Keys) -> JwtAuth {
        let rules = Rules {
            leeway: settings::LEEWAY.0,
            required: vec!["exp".into()],
            roles_claim: settings::ROLES.into(),
            ..Rules::default()
        };
        let judge = Judge {
            algorithms: Vec::new(),
            rules,
            realm: settings::REALM.into(),
        };
        JwtAuth {
            keys,
            judge: Arc::new(judge),
            hide: true,
        }
    }

    /// Allows only these algorithms; else all that the keys are for.
    ///
    /// # Errors
    /// If no key is for one of them.
    pub fn algorithms(mut self, algorithms: impl Into<Vec<Algorithm>>) -> Result<JwtAuth> {
        let algorithms = algorithms.into();
        check_algorithms(&self.keys, &algorithms)?;
        self.change().algorithms = algorithms;
        Ok(self)
    }

    /// Takes only tokens of this issuer, beside others that were named.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> JwtAuth {
        self.change().rules.issuer.push(issuer.into());
        self
    }

    /// Takes only tokens for this audience, beside others that were named.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> JwtAuth {
        self.change().rules.audience.push(audience.into());
        self
    }

    /// Requires a part of a scope, beside others that were named.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> JwtAuth {
        self.change().rules.scope.push(scope.into());
        self
    }

    /// Lets in who has a role, beside others that were named.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> JwtAuth {
        self.change().rules.roles.push(role.into());
        self
    }

    /// Sets what the tokens are for; else `restricted`.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> JwtAuth {
        self.change().realm = realm.into();
        self
    }

    fn change(&mut self) -> &mut Judge {
        Arc::make_mut(&mut self.judge)
    }
}

impl TryFrom<Settings> for JwtAuth {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<JwtAuth> {
        Ok(JwtAuth {
            keys: settings.keys()?,
            hide: settings.hide,
            judge: Arc::new(Judge {
                algorithms: settings.algorithms(),
                realm: settings.realm.clone(),
                rules: settings.rules(),
            }),
        })
    }
}

impl Actor for JwtAuth {
    // The event that fails must not be the one that came in: its token is hidden.
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let token = token(&event);
        let judged = match token {
            Ok(token) => self.judge.judge(token, &self.keys, ctx.now()),
            Err(refusal) => Judged::Done(Err(refusal)),
        };
        if self.hide || matches!(judged, Judged::Done(Err(_))) {
            hide(&mut event);
        }
        match judged {
            Judged::Done(Ok(claims)) => ctx.send(welcome(event, claims)),
            Judged::Done(Err(refusal)) => {
                Err(refusal.into_error(&self.judge.realm).giving_back(event))
            }
            Judged::Open(open) => {
                let judge = self.judge.clone();
                ctx.spawn(event, move |mut event, ctx| async move {
                    match open.fetch_and_verify(&judge).await {
                        Ok(claims) => ctx.send(welcome(event, claims)),
                        Err(error) => {
                            hide(&mut event);
                            Err(error.giving_back(event))
                        }
                    }
                });
                Ok(())
            }
        }
    }
}

/// Takes the token from the request that the event came by.
fn token(event: &Event) -> Result<Token, Refusal> {
    let http = event.http();
    let header = http
        .header(AUTHORIZATION.as_str())
        .ok_or(Refusal::NoToken)?;
    let (scheme, token) = header.trim().split_once(' ').ok_or(Refusal::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NoToken);
    }
    Token::parse(token.trim()).map_err(Refusal::bad)
}

fn welcome(mut event: Event, claims: Claims) -> Event {
    match claims.get("sub").and_then(|sub| sub.as_str()) {
        Some(sub) => event.set_attribute(USER, sub),
        // What somebody else made of this name has not been checked.
        None => event.remove_attribute(USER),
    }
    event.with_attribute(CLAIMS, claims)
}
