//! Events as datagrams.

use std::io;
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
/// be sent, since the name or the network is not there, is `unavailable`. Of several addresses that a name has, the first one counts that can be
/// sent to.
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
        if let Some(way) = self.way.take_if(|way| way.since.elapsed() < FRESH) {
            match way.send(bytes).await {
                // The network may have changed: there may be another way.
                Err(error) if !is_too_large(&error) => {}
                sent => return self.keep(way, sent, bytes),
            }
        }
        let found = lookup_host(self.settings.address.as_str()).await;
        let found: Vec<_> = found.map_err(|error| self.unavailable(error))?.collect();
        self.send_to_first(found, bytes).await
    }

    /// Sends to the first of the addresses of a name that a datagram can be sent to, and goes on with that one.
    async fn send_to_first(&mut self, addresses: Vec<SocketAddr>, bytes: &[u8]) -> Result {
        let mut last = io::ErrorKind::NotFound.into();
        for receiver in addresses {
            let way = match Way::to(receiver).await {
                Ok(way) => way,
                Err(error) => {
                    last = error;
                    continue;
                }
            };
            match way.send(bytes).await {
                Err(error) if !is_too_large(&error) => last = error,
                sent => return self.keep(way, sent, bytes),
            }
        }
        Err(self.unavailable(last))
    }

    /// Goes on with a way that is good: that a datagram is too large says nothing against it.
    fn keep(&mut self, way: Way, sent: io::Result<()>, bytes: &[u8]) -> Result {
        self.way = Some(way);
        sent.map_err(|_| self.too_large(bytes.len()))
    }

    fn unavailable(&self, error: io::Error) -> Error {
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

impl Way {
    async fn to(receiver: SocketAddr) -> io::Result<Way> {
        let any = match receiver {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Ok(Way {
            socket: UdpSocket::bind((any, 0)).await?,
            receiver,
            since: Instant::now(),
        })
    }

    async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.socket.send_to(bytes, self.receiver).await.map(drop)
    }
}

fn is_too_large(error: &io::Error) -> bool {
    error.raw_os_error() == Some(EMSGSIZE)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn out() -> UdpOut {
        serde_json::from_str(r#"{"address": "localhost:9"}"#).unwrap()
    }

    /// An address that nothing can be sent to: who sends to all must ask for it.
    const ALL: &str = "255.255.255.255:9";

    #[tokio::test]
    async fn the_next_address_is_taken_where_the_first_cannot_be_sent_to() {
        let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = receiver.local_addr().unwrap();
        let mut out = out();
        let addresses = vec![ALL.parse().unwrap(), address];
        out.send_to_first(addresses, b"one").await.unwrap();
        // From then on it is that one.
        out.send(b"two").await.unwrap();
        let mut bytes = [0; 9];
        for sent in ["one", "two"] {
            let length = receiver.recv(&mut bytes).await.unwrap();
            assert_eq!(&bytes[..length], sent.as_bytes());
        }
    }

    #[tokio::test]
    async fn where_none_can_be_sent_to_the_last_one_says_why() {
        let mut out = out();
        let sent = out.send_to_first(Vec::new(), b"x").await;
        assert_eq!(sent.unwrap_err().kind(), ErrorKind::Unavailable);
        let all = vec![ALL.parse().unwrap()];
        let error = out.send_to_first(all, b"x").await.unwrap_err();
        assert!(
            error
                .message()
                .contains("no datagram can be sent to localhost:9: Permission"),
            "{error}"
        );
        assert!(out.way.is_none());
    }

    #[tokio::test]
    async fn a_way_that_is_none_any_more_is_left_for_another() {
        let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = receiver.local_addr().unwrap();
        let mut out: UdpOut =
            serde_json::from_value(serde_json::json!({"address": address.to_string()})).unwrap();
        out.way = Some(Way::to(ALL.parse().unwrap()).await.unwrap());
        out.send(b"three").await.unwrap();
        let mut bytes = [0; 9];
        assert_eq!(receiver.recv(&mut bytes).await.unwrap(), 5);
    }
}
