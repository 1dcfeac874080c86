//! Events as datagrams.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use compysition_convert::Codec;
use compysition_core::{Actor, ByteSize, Context, Error, ErrorKind, Event, Ports, Result};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::Instant;

use crate::address::Address;
use crate::content::encode;

/// The most that fits into a datagram over IPv4.
const LARGEST: usize = 65_507;

/// How long the address of a name is good.
const FRESH: Duration = Duration::from_secs(60);

/// Sends each event as a datagram over UDP, and passes it on.
///
/// Nobody knows whether a datagram arrives. One that is larger than `max_datagram`, or than the network takes, is `too_large`; what cannot
/// be sent, since the name or the network is not there, is `unavailable`.
///
/// Example: `udp_out: { address: "127.0.0.1:5514", payload: "<14>{{ service }}: {{ text }}" }`
///
/// Purpose: in and out. Patterns: channel adapter, event message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct UdpOut {
    settings: Settings,
    way: Option<Way>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The receiver: its host and port; a group is one too.
    address: Address,
    /// What is sent, a template; if left out the payload.
    payload: Option<Template>,
    /// How the payload stands in a datagram, as `encode` has it; if left out, as it is.
    codec: Option<Codec>,
    /// How large a datagram may be.
    max_datagram: ByteSize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            address: Address::local(9000),
            payload: None,
            codec: None,
            max_datagram: ByteSize(LARGEST),
        }
    }
}

/// A socket, and where it sends to.
#[derive(Debug)]
struct Way {
    socket: UdpSocket,
    receiver: SocketAddr,
    since: Instant,
}

impl TryFrom<Settings> for UdpOut {
    type Error = String;

    fn try_from(settings: Settings) -> Result<UdpOut, String> {
        if settings.payload.is_some() && settings.codec.is_some() {
            return Err("`payload` is what is sent, so that there is nothing for a `codec`".into());
        }
        if settings.max_datagram.0 == 0 {
            return Err("`max_datagram: 0` lets nothing through; it is at least 1".into());
        }
        Ok(UdpOut {
            settings,
            way: None,
        })
    }
}

impl UdpOut {
    fn bytes(&self, event: &Event, ctx: &Context) -> Result<Vec<u8>> {
        let bytes = match &self.settings.payload {
            Some(template) => template.render((event, ctx))?.into_bytes(),
            None => encode(self.settings.codec.as_ref(), event.payload())?,
        };
        match bytes.len() > self.settings.max_datagram.0 {
            true => Err(self.too_large(bytes.len())),
            false => Ok(bytes),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result {
        let way = match self.way.take() {
            Some(way) if way.since.elapsed() < FRESH => way,
            _ => self.find_way().await?,
        };
        let sent = way.socket.send_to(bytes, way.receiver).await;
        let sent = sent.map(drop).map_err(|error| match error.raw_os_error() {
            Some(EMSGSIZE) => self.too_large(bytes.len()),
            _ => self.unavailable(error),
        });
        // That a datagram is too large says nothing against the way.
        let is_good = sent
            .as_ref()
            .err()
            .is_none_or(|error| error.kind() == ErrorKind::TooLarge);
        self.way = is_good.then_some(way);
        sent
    }

    async fn find_way(&self) -> Result<Way> {
        let unavailable = |error| self.unavailable(error);
        let found = lookup_host(self.settings.address.as_str()).await;
        let receiver = found.map_err(unavailable)?.next();
        let receiver = receiver.ok_or_else(|| unavailable(std::io::ErrorKind::NotFound.into()))?;
        let any = match receiver {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Ok(Way {
            socket: UdpSocket::bind((any, 0)).await.map_err(unavailable)?,
            receiver,
            since: Instant::now(),
        })
    }

    fn unavailable(&self, error: std::io::Error) -> Error {
        let message = format!(
            "no datagram can be sent to {}: {error}",
            self.settings.address
        );
        Error::unavailable(message).with_source(error)
    }

    fn too_large(&self, bytes: usize) -> Error {
        let address = &self.settings.address;
        let message = format!("{bytes} bytes are too large for a datagram to {address}");
        Error::new(ErrorKind::TooLarge, message)
    }
}

/// Linux's number for a message that is too long, which the network may find only when it is sent.
const EMSGSIZE: i32 = 90;

impl Actor for UdpOut {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let bytes = self.bytes(&event, ctx)?;
        self.send(&bytes).await?;
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().outside().sink()
    }
}
