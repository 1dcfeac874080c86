//! Events as e-mail.

use std::collections::BTreeMap;

use compysition_core::{
    Actor, Context, Event, FilePath, Ports, Result, TimeSpan, more_than_nothing,
};
use compysition_expression::Template;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::credentials::Password;
use crate::line::Line;
use crate::message::{Form, header_name};
use crate::wire::{Encryption, Server, trusted};

/// Sends each event as an e-mail, and passes it on when the mail server has taken it.
///
/// A server that cannot be reached, or says that it cannot now (4xx), is `unavailable`; one that takes too long is `timeout`; what it refuses
/// (5xx) is `unprocessable`, and `bad_gateway` if it is not the message that it refuses but the certificate or the login. If one of several receivers is
/// refused nobody gets the message. The connection is kept for the next event. The message id follows from the event's id, so that one that is sent
/// again can be known.
///
/// What an event says never adds a header: a line break is an error in addresses and `headers`, and a space in `subject`.
///
/// Example: `smtp_out: { host: mail.example.org, to: ops@example.org, subject: "{{ error.actor }}: {{ error.message }}" }`
///
/// Purpose: in and out. Patterns: channel adapter.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct SmtpOut {
    server: Server,
    form: Form,
    connection: Option<AsyncSmtpConnection>,
}

impl std::fmt::Debug for SmtpOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("SmtpOut");
        shown.field("server", &self.server.name());
        shown.field("login", &self.server.login);
        shown.field("form", &self.form);
        shown.finish_non_exhaustive()
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The mail server.
    #[serde(default = "localhost")]
    host: String,
    /// Its port; 25, with `starttls` 587, with `tls` 465 if left out.
    #[serde(default, deserialize_with = "more_than_nothing")]
    port: Option<u16>,
    /// How the connection is encrypted: `none`, `starttls` or `tls`. If left out, `none` for this machine and `starttls` for others.
    tls: Option<Encryption>,
    /// The file of the certificate, as PEM, that the server's is signed with; the well-known authorities if left out.
    ca: Option<FilePath>,
    /// Who logs in; if left out with a password, the address in `from`.
    user: Option<String>,
    /// The password. Without one nobody logs in.
    password: Option<Password>,
    /// Whom the message is from, a template.
    #[serde(default = "from")]
    #[serde(alias = "from_address")]
    from: String,
    /// Whom it is for: a template, or a list of them; each may give several addresses with commas.
    to: Option<OneOrMore>,
    /// Who gets a copy.
    cc: Option<OneOrMore>,
    /// Who gets a copy without being named.
    bcc: Option<OneOrMore>,
    /// The subject, a template.
    #[serde(default = "subject")]
    subject: String,
    /// The text, a template; if left out the payload, unless there is `html` or `attachment`.
    body: Option<Template>,
    /// The text as HTML, a template. What it takes from the event is put in as it is: `| escape` makes text of it.
    html: Option<Template>,
    /// Further headers: templates by name.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The name of a file, a template: the payload is attached under it.
    attachment: Option<String>,
    /// How long the server may take for a message.
    #[serde(default = "patience")]
    #[serde(deserialize_with = "more_than_nothing")]
    timeout: TimeSpan,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

fn localhost() -> String {
    "localhost".into()
}

fn from() -> String {
    "compysition@localhost".into()
}

fn subject() -> String {
    "{{ meta_id }}".into()
}

fn patience() -> TimeSpan {
    TimeSpan::seconds(30)
}

fn lines(name: &str, given: Option<OneOrMore>) -> Result<Vec<Line>> {
    let given = match given {
        None => Vec::new(),
        Some(OneOrMore::One(one)) => vec![one],
        Some(OneOrMore::More(more)) => more,
    };
    given
        .into_iter()
        .map(|line| Line::new(name, line))
        .collect()
}

fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl TryFrom<Settings> for SmtpOut {
    type Error = String;

    fn try_from(settings: Settings) -> Result<SmtpOut, String> {
        let text = |error: compysition_core::Error| error.message().to_owned();
        let headers = settings.headers.into_iter().map(|(name, value)| {
            let header = header_name(&name)?;
            Ok::<_, String>((header, Line::new(name, value).map_err(text)?))
        });
        let attachment = settings
            .attachment
            .map(|name| Line::new("attachment", name));
        let form = Form {
            headers: headers.collect::<Result<_, _>>()?,
            from: Line::new("from", settings.from).map_err(text)?,
            to: lines("to", settings.to).map_err(text)?,
            cc: lines("cc", settings.cc).map_err(text)?,
            bcc: lines("bcc", settings.bcc).map_err(text)?,
            subject: Line::new("subject", settings.subject).map_err(text)?,
            body: settings.body,
            html: settings.html,
            attachment: attachment.transpose().map_err(text)?,
        };
        if form.to.is_empty() && form.cc.is_empty() && form.bcc.is_empty() {
            return Err("`to` is missing: say who gets the message".into());
        }
        let is_near = is_this_machine(&settings.host);
        let encryption = settings.tls.unwrap_or(match is_near {
            true => Encryption::None,
            false => Encryption::Starttls,
        });
        let login = match (settings.user, settings.password) {
            (None, None) => None,
            (Some(_), None) => return Err("`user` needs `password`".into()),
            (Some(user), Some(password)) => Some((user, password)),
            (None, Some(password)) => match form.from.as_literal() {
                Some(from) => Some((from.to_owned(), password)),
                None => return Err("`password` needs `user`, since `from` is a template".into()),
            },
        };
        if login.is_some() && encryption == Encryption::None && !is_near {
            return Err(
                "`password` would be sent for all to read: set `tls: starttls` or `tls: tls`"
                    .into(),
            );
        }
        let trusted = match encryption {
            Encryption::None => None,
            _ => Some(trusted(&settings.host, settings.ca.as_ref()).map_err(text)?),
        };
        Ok(SmtpOut {
            server: Server {
                port: settings.port.unwrap_or(encryption.port()),
                host: settings.host,
                encryption,
                trusted,
                login,
                timeout: settings.timeout.0,
            },
            form,
            connection: None,
        })
    }
}

impl Actor for SmtpOut {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let message = self.form.fill(&event)?;
        self.server.send(&mut self.connection, &message).await?;
        ctx.send(event)
    }

    async fn stop(&mut self, _: &Context) -> Result {
        self.server.leave(&mut self.connection).await;
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().outside().sink()
    }
}
