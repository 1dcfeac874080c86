//! The actor that sets a cookie.

use std::fmt::Write as _;

use compysition_core::{Actor, Context, Error, Event, Result, TimeSpan};
use compysition_expression::Template;
use http::header::SET_COOKIE;
use schemars::JsonSchema;
use serde::Deserialize;

use super::pairs::{check_name, encode};
use super::signer::Signer;
use crate::HttpEvent;
use crate::secret::Secret;

/// Sets a cookie on the answer.
///
/// The value is a template, or a random one if there is none. Characters that cannot stand in a cookie are percent-encoded. With
/// `secret` the value is signed: `cookie_check` with the same secret takes no other, nor one that is older than `max_age`. A signed
/// value cannot be changed by who has it, but read.
///
/// Several of these actors in a row set several cookies. What an error answers sets none.
///
/// Example: `cookie: { name: session, value: "{{ attributes.user }}", max_age: 1h }`
///
/// Purpose: http. Patterns: content enricher.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Cookie {
    settings: Settings,
    value: Template,
    signer: Option<Signer>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The name; `session` by default.
    #[serde(alias = "cookie_key")]
    name: String,
    /// The value, a template; without it a random UUID, which nobody can guess.
    #[serde(alias = "cookie_value")]
    value: Option<Template>,
    /// `uuid` takes a random value also if there is a `value`, as in the original.
    value_mode: Option<ValueMode>,
    /// How long the cookie lasts; `0s` removes it. Without it, as long as the browser runs.
    #[serde(alias = "expiry")]
    max_age: Option<TimeSpan>,
    /// Below which path the cookie is sent; `/` by default.
    path: String,
    /// The domain whose hosts get the cookie; by default only the host that set it.
    domain: Option<String>,
    /// Lets the cookie pass only where nobody can read it: through TLS, or to the machine itself. True by default.
    secure: bool,
    /// Hides the cookie from the scripts of pages. True by default.
    http_only: bool,
    /// Whether the cookie is sent when a page of another site leads here; `lax` by default.
    same_site: SameSite,
    /// What the value is signed with, at least 32 bytes; best `${secret:NAME}`. Without it nothing is signed.
    secret: Option<Secret>,
}

/// Says whether a cookie is sent when a page of another site leads to its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SameSite {
    /// Never.
    Strict,
    /// Only when people follow a link.
    #[default]
    Lax,
    /// Always; this needs `secure`.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ValueMode {
    Static,
    Uuid,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            name: "session".into(),
            value: None,
            value_mode: None,
            max_age: None,
            path: "/".into(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::default(),
            secret: None,
        }
    }
}

impl Settings {
    fn check(&self) -> Result {
        check_name(&self.name)?;
        let refuse = |why: String| Err(Error::internal(why));
        for (setting, text) in [("path", Some(&self.path)), ("domain", self.domain.as_ref())] {
            let text = text.map_or("", String::as_str);
            if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(';') {
                return refuse(format!("`{text}` cannot be the {setting} of a cookie"));
            }
        }
        if !self.path.starts_with('/') {
            return refuse(format!("the path `{}` does not begin with `/`", self.path));
        }
        if self.value_mode == Some(ValueMode::Static) && self.value.is_none() {
            return refuse("`value_mode: static` needs a `value`".into());
        }
        if self.same_site == SameSite::None && !self.secure {
            return refuse("browsers refuse `same_site: none` without `secure: true`".into());
        }
        let is_of_host = self.name.starts_with("__Host-");
        if is_of_host && (self.path != "/" || self.domain.is_some())
            || (is_of_host || self.name.starts_with("__Secure-")) && !self.secure
        {
            return refuse(format!(
                "browsers refuse the name `{}` with these settings: `__Secure-` needs `secure`, and `__Host-` also the path `/` and no domain",
                self.name
            ));
        }
        Ok(())
    }

    /// Returns the header that sets the cookie to a value.
    fn header(&self, value: &str, signer: Option<&Signer>) -> String {
        let value = encode(value);
        let lasts = self.max_age.map(|max_age| max_age.0);
        let value = match signer {
            Some(signer) => signer.sign(&self.name, &value, lasts),
            None => value,
        };
        let mut header = format!("{}={value}; Path={}", self.name, self.path);
        if let Some(domain) = &self.domain {
            header.push_str("; Domain=");
            header.push_str(domain);
        }
        if let Some(lasts) = lasts {
            // Writing to a text cannot fail.
            let _ = write!(header, "; Max-Age={}", lasts.as_secs());
        }
        if self.secure {
            header.push_str("; Secure");
        }
        if self.http_only {
            header.push_str("; HttpOnly");
        }
        header.push_str(match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        header
    }
}

impl Cookie {
    /// Makes the actor for a cookie of a name with a random value.
    ///
    /// # Errors
    /// If it cannot be the name of a cookie.
    pub fn new(name: impl Into<String>) -> Result<Cookie> {
        Cookie::try_from(Settings {
            name: name.into(),
            ..Settings::default()
        })
    }

    /// Sets the value, a template.
    ///
    /// # Errors
    /// If the template has a mistake.
    pub fn value(mut self, value: impl Into<String>) -> Result<Cookie> {
        self.value = Template::new(value)?;
        Ok(self)
    }

    /// Sets how long the cookie lasts; zero removes it.
    #[must_use]
    pub fn max_age(mut self, max_age: impl Into<TimeSpan>) -> Cookie {
        self.settings.max_age = Some(max_age.into());
        self
    }

    /// Sets where the cookie is sent: the domain and the path.
    ///
    /// # Errors
    /// If they cannot stand in a cookie.
    pub fn at(mut self, domain: impl Into<String>, path: impl Into<String>) -> Result<Cookie> {
        self.settings.domain = Some(domain.into());
        self.settings.path = path.into();
        self.settings.check()?;
        Ok(self)
    }

    /// Sets whether the cookie is sent when a page of another site leads here; else [`SameSite::Lax`].
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Cookie {
        self.settings.same_site = same_site;
        self
    }

    /// Lets scripts of pages see the cookie.
    #[must_use]
    pub fn for_scripts(mut self) -> Cookie {
        self.settings.http_only = false;
        self
    }

    /// Signs the value with a secret of at least 32 bytes.
    ///
    /// # Errors
    /// If the secret is shorter.
    pub fn signed(mut self, secret: &str) -> Result<Cookie> {
        self.signer = Some(Signer::new(&Secret::new(secret)?));
        Ok(self)
    }
}

impl TryFrom<Settings> for Cookie {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<Cookie> {
        settings.check()?;
        let value = match &settings.value {
            Some(value) if settings.value_mode != Some(ValueMode::Uuid) => value.clone(),
            // It is of the system's randomness, not of the flow's, which can be foretold.
            _ => Template::new("{{ uuid() }}")?,
        };
        let signer = settings.secret.as_ref().map(Signer::new);
        Ok(Cookie {
            settings,
            value,
            signer,
        })
    }
}

impl Actor for Cookie {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let value = self.value.render((&event, ctx));
        let set = value.and_then(|value| {
            let header = self.settings.header(&value, self.signer.as_ref());
            event.add_response_header(SET_COOKIE.as_str(), &header)
        });
        match set {
            Ok(()) => ctx.send(event),
            Err(error) => Err(error.giving_back(event)),
        }
    }
}
