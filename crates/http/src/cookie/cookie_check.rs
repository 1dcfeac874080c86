//! The actor that asks for a cookie.

use compysition_core::{Actor, Context, Error, Event, Ports, Result};
use http::header::COOKIE;
use schemars::JsonSchema;
use serde::Deserialize;

use super::pairs::{check_name, decode, values};
use super::signer::Signer;
use crate::HttpEvent;
use crate::secret::Secret;

/// The attribute that holds the values.
const COOKIES: &str = "cookies";

/// Lets requests pass that bring a cookie.
///
/// The value of the cookie is then in `attributes.cookies.NAME`. With `secret` only a value counts that `cookie` has signed with the same
/// secret, and that has not ended. A request without the cookie takes the error path as `unauthorized` (the default), goes to an outbox
/// (`missing: login`), or passes without the attribute (`missing: pass`).
///
/// Example: `cookie_check: { name: session, missing: login }`
///
/// Purpose: security. Patterns: message filter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct CookieCheck {
    name: String,
    signer: Option<Signer>,
    missing: MissingCookie,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The name; `session` by default.
    name: String,
    /// What the value must be signed with, at least 32 bytes; best `${secret:NAME}`. Without it, clients can send what they like.
    secret: Option<Secret>,
    /// What becomes of a request without the cookie: `error`, `pass`, or the name of an outbox.
    missing: MissingCookie,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            name: "session".into(),
            secret: None,
            missing: MissingCookie::default(),
        }
    }
}

/// Says what becomes of a request without the cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(from = "String")]
#[schemars(with = "String")]
pub enum MissingCookie {
    /// It takes the error path as `unauthorized`.
    #[default]
    Error,
    /// It passes.
    Pass,
    /// It goes to this outbox.
    Outbox(String),
}

impl From<String> for MissingCookie {
    fn from(text: String) -> MissingCookie {
        match &*text {
            "error" => MissingCookie::Error,
            "pass" => MissingCookie::Pass,
            _ => MissingCookie::Outbox(text),
        }
    }
}

impl CookieCheck {
    /// Makes the actor for a cookie of a name.
    ///
    /// # Errors
    /// If it cannot be the name of a cookie.
    pub fn new(name: impl Into<String>) -> Result<CookieCheck> {
        CookieCheck::try_from(Settings {
            name: name.into(),
            ..Settings::default()
        })
    }

    /// Takes only values that were signed with this secret.
    ///
    /// # Errors
    /// If the secret is shorter than 32 bytes.
    pub fn signed(mut self, secret: &str) -> Result<CookieCheck> {
        self.signer = Some(Signer::new(&Secret::new(secret)?));
        Ok(self)
    }

    /// Sets what becomes of a request without the cookie; else it is an error.
    #[must_use]
    pub fn missing(mut self, missing: MissingCookie) -> CookieCheck {
        self.missing = missing;
        self
    }

    /// Returns the value of the first cookie that is good.
    fn find(&self, event: &Event) -> Option<String> {
        let name = &self.name;
        let http = event.http();
        let header = http.header(COOKIE.as_str())?;
        values(&header, name).find_map(|text| match &self.signer {
            Some(signer) => decode(signer.verify(name, text)?),
            None => decode(text),
        })
    }

    fn missing_error(&self) -> Error {
        let name = &self.name;
        let message = match self.signer {
            Some(_) => format!("the cookie {name} is missing, has ended or was not made here"),
            None => format!("the cookie {name} is missing"),
        };
        // Another challenge would have browsers ask for a password.
        Error::unauthorized(message)
            .with_detail("challenge", format!("Cookie cookie-name=\"{name}\""))
    }
}

impl TryFrom<Settings> for CookieCheck {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<CookieCheck> {
        check_name(&settings.name)?;
        if settings.missing == MissingCookie::Outbox(String::new()) {
            return Err(Error::internal(
                "`missing` is empty; it is `error`, `pass` or the name of an outbox",
            ));
        }
        Ok(CookieCheck {
            signer: settings.secret.as_ref().map(Signer::new),
            name: settings.name,
            missing: settings.missing,
        })
    }
}

impl Actor for CookieCheck {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let value = self.find(&event);
        let is_there = value.is_some();
        note(&mut event, &self.name, value);
        match (&self.missing, is_there) {
            (MissingCookie::Error, false) => Err(self.missing_error().giving_back(event)),
            (MissingCookie::Outbox(outbox), false) => ctx.send_to(outbox, event),
            (MissingCookie::Outbox(outbox), true) => ctx.send_except(outbox, event),
            _ => ctx.send(event),
        }
    }

    fn ports(&self) -> Ports {
        match &self.missing {
            MissingCookie::Outbox(outbox) => Ports::any().aside(outbox),
            _ => Ports::any(),
        }
    }
}

/// Puts a value into the attribute, and takes away one that another has put there and nobody has checked.
fn note(event: &mut Event, name: &str, value: Option<String>) {
    let known = event.attribute(COOKIES);
    let mut cookies = known
        .and_then(|cookies| cookies.as_object().cloned())
        .unwrap_or_default();
    match value {
        Some(value) => drop(cookies.insert(name.to_owned(), value.into())),
        None if cookies.remove(name).is_none() => return,
        None => {}
    }
    event.set_attribute(COOKIES, cookies);
}
