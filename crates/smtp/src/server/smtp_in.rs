//! Events from e-mail.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{
    Actor, ByteSize, Context, Error, Event, Ports, Result, Source, Spawner, TimeSpan,
    more_than_nothing,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::credentials::Password;
use crate::server::bound::Bound;
use crate::server::envelope::Client;
use crate::server::rules::Rules;
use crate::server::session::{Host, serve};
use crate::server::tls::Tls;

/// How long the flow waits at its end for clients that do not take their last replies.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long to wait when no connection can be taken, as when there are no more file descriptors.
const RESPITE: Duration = Duration::from_millis(100);

/// Takes e-mail, as a small mail server, and makes an event of each message.
///
/// A message is taken (250) only when all of its event was delivered, or kept in the dead letters. If it failed, the client is told to send it
/// again (451), or that it is refused (554) if the message is to blame: kinds such as `malformed`, `unprocessable` and `not_found`. So no
/// message is lost, and one may come twice.
///
/// The payload is JSON: `from`, `to`, `cc`, `subject`, `date`, `message_id`, `headers`, `text`, `html`, and `attachments` with `name`, `type`, `size`
/// and `content` as base64. Who it was really sent by and for (the envelope) is `attributes.smtp`: `from`, `to`, `client`, `helo`, `user`, `tls`.
///
/// Without `recipients` and `domains` it takes messages for anybody; it never passes them on by itself.
///
/// Example: `smtp_in: { address: "127.0.0.1:2525", domains: [orders.example.org] }`
///
/// Purpose: in and out. Patterns: channel adapter.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct SmtpIn {
    address: String,
    rules: Arc<Rules>,
    max_connections: u32,
    connections: Arc<Semaphore>,
    bound: Arc<watch::Sender<Option<SocketAddr>>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Where to listen; port 0 lets the system choose one, which the log tells.
    address: String,
    /// The addresses that messages are taken for.
    recipients: Vec<String>,
    /// The domains that messages are taken for, whoever it is there.
    domains: Vec<String>,
    /// The files for TLS; without them nothing is encrypted.
    tls: Option<Tls>,
    /// Who may send: passwords by user. Without them anybody may. They are asked for over TLS only.
    users: BTreeMap<String, Password>,
    /// Whether the payload is the message as it came.
    raw: bool,
    /// How large a message may be.
    max_message: ByteSize,
    /// How many receivers a message may have.
    max_recipients: usize,
    /// How many clients may be connected; more are sent away for now.
    max_connections: u32,
    /// How long a client may say nothing.
    #[serde(deserialize_with = "more_than_nothing")]
    idle_timeout: TimeSpan,
    /// How long a message may take to arrive.
    #[serde(deserialize_with = "more_than_nothing")]
    data_timeout: TimeSpan,
    /// How long the flow may take for a message; then the client is told to send it again.
    #[serde(deserialize_with = "more_than_nothing")]
    deadline: TimeSpan,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            address: "127.0.0.1:2525".into(),
            recipients: Vec::new(),
            domains: Vec::new(),
            tls: None,
            users: BTreeMap::new(),
            raw: false,
            max_message: ByteSize(10 << 20),
            max_recipients: 100,
            max_connections: 100,
            idle_timeout: TimeSpan::seconds(60),
            data_timeout: TimeSpan::seconds(300),
            deadline: TimeSpan::seconds(60),
        }
    }
}

impl TryFrom<Settings> for SmtpIn {
    type Error = String;

    fn try_from(settings: Settings) -> Result<SmtpIn, String> {
        let address = settings.address;
        let port = address
            .rsplit_once(':')
            .map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(_))) {
            return Err(format!(
                "`{address}` is no address to listen on; write it like 127.0.0.1:2525"
            ));
        }
        if !settings.users.is_empty() && settings.tls.is_none() {
            return Err("`users` needs `tls`: passwords would come for all to read".into());
        }
        if let Some(tls) = &settings.tls {
            tls.acceptor().map_err(|error| error.message().to_owned())?;
        }
        for (name, is_zero) in [
            ("max_message", settings.max_message.0 == 0),
            ("max_recipients", settings.max_recipients == 0),
            ("max_connections", settings.max_connections == 0),
        ] {
            if is_zero {
                return Err(format!("`{name}: 0` takes nothing; it is at least 1"));
            }
        }
        let lower = |all: Vec<String>| all.iter().map(|one| one.to_ascii_lowercase()).collect();
        let rules = Rules {
            tls: settings.tls,
            users: settings.users,
            recipients: lower(settings.recipients),
            domains: lower(settings.domains),
            is_raw: settings.raw,
            max_message: settings.max_message,
            max_recipients: settings.max_recipients,
            idle_timeout: settings.idle_timeout,
            data_timeout: settings.data_timeout,
            deadline: settings.deadline,
        };
        Ok(SmtpIn {
            address,
            rules: Arc::new(rules),
            max_connections: settings.max_connections,
            connections: Arc::new(Semaphore::new(settings.max_connections as usize)),
            bound: Arc::new(watch::channel(None).0),
        })
    }
}

impl SmtpIn {
    /// Returns what will tell the address that the server listens on.
    pub fn bound(&self) -> Bound {
        Bound(self.bound.subscribe())
    }
}

impl Actor for SmtpIn {
    async fn start(&mut self, ctx: &Context) -> Result {
        let tls = self.rules.tls.as_ref();
        let acceptor = tls.map(Tls::acceptor).transpose()?;
        let unusable = |error| {
            let message = format!("cannot listen on {}: {error}", self.address);
            Error::unavailable(message).with_source(error)
        };
        let listener = TcpListener::bind(&self.address).await.map_err(unusable)?;
        let address = listener.local_addr()?;
        tracing::info!(flow = ctx.flow(), actor = ctx.actor(), %address, "listening on smtp://{address}");
        self.bound.send_replace(Some(address));
        let (rules, connections) = (self.rules.clone(), self.connections.clone());
        let spawner = ctx.spawner();
        ctx.produce(move |source: Source| async move {
            let host = Arc::new(Host {
                rules,
                source,
                acceptor,
            });
            listen(listener, host, connections, spawner).await
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::internal(
            "nothing can be sent to a mail server's actor",
        ))
    }

    async fn stop(&mut self, _: &Context) -> Result {
        // All of them have their last reply then, or never take it.
        let all = self.connections.acquire_many(self.max_connections);
        let _ = timeout(FAREWELL, all).await;
        Ok(())
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().outside().listens([self.address.as_str()]);
        ports.source().resumes().single()
    }
}

/// Takes connections until the flow stops; each is served by a task of its own.
async fn listen(
    listener: TcpListener,
    host: Arc<Host>,
    connections: Arc<Semaphore>,
    spawner: Spawner,
) -> Result {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = host.source.stopping() => return Ok(()),
        };
        let Ok((stream, address)) = accepted else {
            sleep(RESPITE).await;
            continue;
        };
        let Ok(permit) = connections.clone().try_acquire_owned() else {
            // A reply that does not fit into an empty connection is no loss.
            let _ = stream.try_write(b"421 4.3.2 too many clients, try again later\r\n");
            continue;
        };
        let client = Client {
            address: Some(address),
            ..Client::default()
        };
        let host = host.clone();
        spawner.spawn(async move {
            serve(host, stream, client).await;
            drop(permit);
        });
    }
}
