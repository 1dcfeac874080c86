//! The actor that asks who is there.

use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Actor, Context, Error, Event, FilePath, Result, TimeSpan};
use schemars::JsonSchema;
use serde::Deserialize;

use super::challenge::quoted;
use super::credentials::{Credentials, hide};
use super::gate::{Gate, Verdict};
use super::users::{Users, UsersSetting};

/// The attribute that names who has come in.
const USER: &str = "user";
const REALM: &str = "restricted";
const LASTS: TimeSpan = TimeSpan::seconds(60);

/// Lets requests pass whose user name and password are right (HTTP Basic authentication).
///
/// The attribute `user` then names the user. All others fail as `unauthorized`, which a door answers by
/// 401 and a challenge that makes browsers ask for a password. Behind this actor the header
/// `authorization` can no longer be seen, neither by actors nor in logs.
///
/// Passwords pass the net readable: serve them through TLS only.
///
/// Example: `basic_auth: { users: users.htpasswd, realm: orders }`
///
/// Purpose: security.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct BasicAuth {
    users: Users,
    realm: String,
    lasts: Duration,
    gate: Option<Arc<Gate>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The path of a file as Apache's `htpasswd -B` writes it (bcrypt; `{SHA}` is read too), or, for
    /// trials, a map of users and their passwords. The file is read when the flow is loaded.
    users: UsersSetting,
    /// What the users and their passwords belong to; browsers show it when they ask.
    #[serde(default = "realm")]
    realm: String,
    /// How long credentials that were right need no new check. The hashes of passwords are slow by
    /// intention; without this they would bound the rate of requests. `0s` checks each time.
    #[serde(default = "lasts")]
    #[serde(serialize_with = "crate::written::written")]
    remember: TimeSpan,
}

fn realm() -> String {
    REALM.to_owned()
}

fn lasts() -> TimeSpan {
    LASTS
}

impl BasicAuth {
    /// Makes the actor with the users of an `htpasswd` file.
    ///
    /// # Errors
    /// If the file cannot be read; what is wrong in it, with the line.
    pub fn from_file(path: impl Into<FilePath>) -> Result<BasicAuth> {
        Users::file(path.into()).map(BasicAuth::new)
    }

    /// Makes the actor with users and their passwords, for trials.
    pub fn with_users<U, P>(users: impl IntoIterator<Item = (U, P)>) -> BasicAuth
    where
        U: Into<String>,
        P: Into<String>,
    {
        let users = users
            .into_iter()
            .map(|(user, password)| (user.into(), password.into()));
        BasicAuth::new(Users::Plain(users.collect()))
    }

    /// Makes the actor with a function of its own that takes the user's name and the password. It may take
    /// its time: it runs where it holds up nobody.
    pub fn with_check<F>(check: F) -> BasicAuth
    where
        F: Fn(&str, &str) -> bool + Send + Sync + 'static,
    {
        BasicAuth::new(Users::Slow(Arc::new(check)))
    }

    fn new(users: Users) -> BasicAuth {
        BasicAuth {
            users,
            realm: realm(),
            lasts: LASTS.0,
            gate: None,
        }
    }

    /// Sets what the users and their passwords belong to; else `restricted`.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> BasicAuth {
        self.realm = realm.into();
        self
    }

    /// Sets how long credentials that were right need no new check; else a minute.
    #[must_use]
    pub fn remember(mut self, lasts: Duration) -> BasicAuth {
        self.lasts = lasts;
        self
    }
}

impl TryFrom<Settings> for BasicAuth {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<BasicAuth> {
        let users = match settings.users {
            UsersSetting::File(path) => Users::file(path)?,
            UsersSetting::Plain(users) => Users::Plain(users),
        };
        Ok(BasicAuth::new(users)
            .realm(settings.realm)
            .remember(settings.remember.0))
    }
}

impl Actor for BasicAuth {
    // The event that fails must not be the one that came in: its credentials are hidden.
    const KEEP_INPUT: bool = false;

    async fn start(&mut self, _: &Context) -> Result {
        self.gate = Some(Arc::new(Gate::new(&self.users, self.lasts)?));
        Ok(())
    }

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let credentials = Credentials::of(&event);
        hide(&mut event);
        let challenge = Challenge(self.realm.clone());
        let credentials = match credentials {
            Ok(credentials) => credentials,
            Err(error) => return Err(challenge.put_into(error).giving_back(event)),
        };
        let gate = self.gate.clone();
        let gate = gate.ok_or_else(|| Error::internal("the actor was not started"))?;
        match gate.verdict(&credentials, ctx) {
            Verdict::Good => welcome(event, credentials, ctx),
            Verdict::Bad => Err(challenge.put_into(wrong()).giving_back(event)),
            Verdict::Open => {
                ctx.spawn(event, move |event, ctx| async move {
                    match gate.verify(credentials.clone(), &ctx).await {
                        Ok(true) => welcome(event, credentials, &ctx),
                        Ok(false) => Err(challenge.put_into(wrong())),
                        Err(error) => Err(error),
                    }
                });
                Ok(())
            }
        }
    }
}

fn welcome(event: Event, credentials: Credentials, ctx: &Context) -> Result {
    ctx.send(event.with_attribute(USER, credentials.user))
}

/// Says the same of an unknown user and of a wrong password, so that nobody can learn who is a user.
fn wrong() -> Error {
    Error::unauthorized("the user name or the password is wrong")
}

/// The realm, for the client to be asked by.
struct Challenge(String);

impl Challenge {
    fn put_into(self, error: Error) -> Error {
        let header = format!("Basic realm={}, charset=\"UTF-8\"", quoted(&self.0));
        error
            .with_detail("realm", self.0)
            .with_detail("challenge", header)
    }
}
