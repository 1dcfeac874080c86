//! Datagrams as events.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use compysition_convert::Codec;
use compysition_core::{
    Actor, ByteSize, Context, Error, ErrorKind, Event, Payload, Ports, Result, Source,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::{Instant, sleep, sleep_until};

use crate::address::Address;
use crate::bound::{Bound, Notice};
use crate::content::Content;

/// The largest datagram that there is.
const LARGEST: usize = 65_535;

/// How often what was dropped is told at most.
const PAUSE: Duration = Duration::from_secs(1);

/// How long to wait when nothing can be received.
const RESPITE: Duration = Duration::from_millis(100);

/// Makes an event of each datagram that comes over UDP.
///
/// Who sent it is `attributes.udp.peer`. Datagrams cannot wait: one for which there is no room in the flow is dropped, counted (`dropped` in a snapshot)
/// and logged, at most once a second, with how many there were. What cannot be read, or is larger than `max_datagram`, takes the error path.
///
/// Example: `udp_in: { address: "0.0.0.0:5514", codec: text }`
///
/// Purpose: in and out. Patterns: channel adapter, event message.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct UdpIn {
    settings: Settings,
    notice: Notice,
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Where to listen; port 0 lets the system choose one, which the log tells.
    address: Address,
    /// How the payload stands in a datagram, as `decode` has it; if left out, it is the bytes as they are.
    codec: Option<Codec>,
    /// The groups that are joined: addresses such as `239.1.2.3`.
    multicast: Vec<IpAddr>,
    /// The address of this machine in the network in which IPv4 groups are joined; the system's choice if left out.
    interface: Option<Ipv4Addr>,
    /// How large a datagram may be.
    max_datagram: ByteSize,
    /// How much the system keeps that was not taken yet; its own choice if left out, and never more than it allows.
    receive_buffer: Option<ByteSize>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            address: Address::local(9000),
            codec: None,
            multicast: Vec::new(),
            interface: None,
            max_datagram: ByteSize(LARGEST),
            receive_buffer: None,
        }
    }
}

impl TryFrom<Settings> for UdpIn {
    type Error = String;

    fn try_from(settings: Settings) -> Result<UdpIn, String> {
        if !(1..=LARGEST).contains(&settings.max_datagram.0) {
            return Err(format!(
                "`max_datagram` is at least 1 and at most {LARGEST}"
            ));
        }
        if let Some(group) = settings
            .multicast
            .iter()
            .find(|group| !group.is_multicast())
        {
            return Err(format!(
                "`{group}` is no group; those of IPv4 begin at 224.0.0.0, those of IPv6 with ff"
            ));
        }
        Ok(UdpIn {
            settings,
            notice: Notice::default(),
        })
    }
}

impl UdpIn {
    /// Returns what will tell the address that the actor listens on.
    pub fn bound(&self) -> Bound {
        self.notice.bound()
    }
}

impl Settings {
    /// Listens.
    async fn socket(&self) -> io::Result<UdpSocket> {
        let address = lookup_host(self.address.as_str()).await?.next();
        let address = address.ok_or(io::ErrorKind::NotFound)?;
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        // What is sent to a group is for all who listen.
        socket.set_reuse_address(!self.multicast.is_empty())?;
        if let Some(ByteSize(bytes)) = self.receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        for group in &self.multicast {
            match group {
                IpAddr::V4(group) => {
                    let interface = self.interface.unwrap_or(Ipv4Addr::UNSPECIFIED);
                    socket.join_multicast_v4(group, &interface)?;
                }
                IpAddr::V6(group) => socket.join_multicast_v6(group, 0)?,
            }
        }
        UdpSocket::from_std(socket.into())
    }
}

impl Actor for UdpIn {
    async fn start(&mut self, ctx: &Context) -> Result {
        let unusable = |error| {
            let message = format!("cannot listen on {}: {error}", self.settings.address);
            Error::unavailable(message).with_source(error)
        };
        let socket = self.settings.socket().await.map_err(unusable)?;
        let address = socket.local_addr()?;
        tracing::info!(flow = ctx.flow(), actor = ctx.actor(), %address, "listening on udp://{address}");
        self.notice.tell(address);
        let (content, most) = (
            Content(self.settings.codec.clone()),
            self.settings.max_datagram.0,
        );
        ctx.produce(move |source| async move {
            let mut intake = Intake {
                content,
                most,
                dropped: Dropped::new(source.context()),
            };
            intake.run(&socket, &source).await
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::internal("nothing can be sent to a `udp_in`"))
    }

    fn ports(&self) -> Ports {
        Ports::any().outside().source().ungrouped().single()
    }
}

struct Intake {
    content: Content,
    most: usize,
    dropped: Dropped,
}

impl Intake {
    /// Makes events of datagrams until the flow stops.
    async fn run(&mut self, socket: &UdpSocket, source: &Source) -> Result {
        let ctx = source.context();
        // One byte more shows that there was more.
        let mut buffer = vec![0; self.most + 1];
        loop {
            let received = tokio::select! {
                received = socket.recv_from(&mut buffer) => received,
                () = self.dropped.due() => {
                    self.dropped.tell();
                    continue;
                }
            };
            match received {
                Ok((length, peer)) => self.take(&buffer[..length], peer, source).await,
                Err(error) => {
                    tracing::warn!(
                        flow = ctx.flow(),
                        actor = ctx.actor(),
                        "nothing can be received: {error}"
                    );
                    sleep(RESPITE).await;
                }
            }
        }
    }

    async fn take(&mut self, bytes: &[u8], peer: SocketAddr, source: &Source) {
        let Some(admission) = source.try_admit(bytes.len()) else {
            return self.dropped.note();
        };
        let event = Event::new(()).with_attribute("udp", json!({ "peer": peer.to_string() }));
        let payload = match bytes.len() > self.most {
            true => {
                let message = format!("a datagram is larger than {} bytes", self.most);
                Err(Error::new(ErrorKind::TooLarge, message))
            }
            false => self.content.read(bytes, source.context()).await,
        };
        match payload {
            Ok(payload) => drop(admission.emit(None, event.with(payload))),
            Err(error) => {
                let begin = Payload::from(&bytes[..bytes.len().min(self.most)]);
                drop(admission.emit_failed(event.with(begin), error));
            }
        }
    }
}

/// Tells what was dropped, without a line for each.
struct Dropped {
    flow: String,
    actor: String,
    untold: u64,
    last: Option<Instant>,
}

impl Dropped {
    fn new(ctx: &Context) -> Dropped {
        Dropped {
            flow: ctx.flow().to_owned(),
            actor: ctx.actor().to_owned(),
            untold: 0,
            last: None,
        }
    }

    fn note(&mut self) {
        self.untold += 1;
        if self.last.is_none_or(|last| last.elapsed() >= PAUSE) {
            self.tell();
        }
    }

    /// Waits until it may be told again, if there is something to tell.
    async fn due(&self) {
        match self.last {
            Some(last) if self.untold > 0 => sleep_until(last + PAUSE).await,
            _ => std::future::pending().await,
        }
    }

    fn tell(&mut self) {
        let count = std::mem::take(&mut self.untold);
        self.last = Some(Instant::now());
        tracing::warn!(
            flow = self.flow,
            actor = self.actor,
            count,
            "datagrams were dropped: there was no room for them"
        );
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if self.untold > 0 {
            self.tell();
        }
    }
}
