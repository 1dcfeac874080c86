//! Sockets of ZeroMQ: the one place that knows which library makes them.
//!
//! What a [`Socket`] promises, so that another library could be put in place of this one:
//!
//! * **Endpoints** are `tcp` and `ipc`, any number of each, to listen and to connect; `tcp://HOST:*` takes a port that [`Socket::bound`] tells.
//!   Either side may start first. What is to listen and cannot, is an error of [`Socket::open`].
//! * **Connections** that are lost are made anew, after a time that doubles each time up to a limit. That holds too for a peer that
//!   has refused us: it may be told our key later.
//! * **A silent peer is found out** by heartbeats, and disconnected.
//! * **[`Socket::send`] waits** for a peer, and for room in its queue: what it takes has a connection to go over. It can be dropped in mid-way; then
//!   nothing was sent. Where the bytes are when it returns nobody knows: a peer that goes away may take with it what it was sent. [`Kind::Pub`]
//!   never waits: who does not keep up, or is not there, misses messages.
//! * **[`Socket::recv`] can be dropped in mid-way**; then nothing was taken. A message is all there or not at all, in order per connection.
//! * **A connection that closes is told of** by [`Socket::connections_change`], after what came over it.
//! * **Memory is bounded** per peer, by the high-water mark times the size of a message, and so is the number of peers, also before their handshake,
//!   and with those that have gone before what they sent was read. A subscriber of a [`Kind::Pub`] has at most 10,000 subscriptions.
//!   A larger message, bytes that are no ZMTP, and a wrong security mechanism end the connection they came on; the log says why.
//! * **Without CURVE** only this machine is let near, unless the settings say `insecure` ([`Wire::checked`]). With it a server lets
//!   in only the keys on its list.
//! * **[`Socket::close`] waits** for what was sent as long as `linger` says. A socket that is dropped does that by itself.

mod crowd;
mod curve;
mod endpoint;
#[cfg(test)]
mod fuzz;
mod keys;
mod watch;
mod wire;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use compysition_core::{Context, Error, ErrorKind, Result};
use omq_tokio::{Identity, IdentitySocket, Message, PeerPublicKey, SocketType, TrySendError};
use tokio::task::coop::consume_budget;

pub use curve::Curve;
pub use endpoint::{Endpoint, Endpoints};
pub use keys::{KeyPair, PublicKey};
pub use wire::{SocketLimits, Wire};

use crowd::Crowd;
use watch::Watch;

/// A message: its frames, of which there is at least one.
pub type Frames = Vec<Bytes>;

/// The kinds of sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sends to one of its peers after the other.
    Push,
    /// Receives from all peers in turn.
    Pull,
    /// Sends to all peers that have subscribed.
    Pub,
    /// Receives what it has subscribed to.
    Sub,
    /// Sends to one of its peers after the other, and receives from all in turn.
    Dealer,
    /// Receives from all peers, and sends to the one that it names.
    Router,
}

/// A peer of a [`Kind::Router`].
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its routing id: what it says, or a made-up one.
    pub id: Bytes,
    /// Its address, if it is connected over TCP.
    pub address: Option<String>,
    /// Its CURVE key, which it has proved to have.
    pub key: Option<PublicKey>,
    /// The connection that the message came over, which no other of the socket's is numbered like.
    pub connection: u64,
}

/// The connections of a socket at a moment.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    /// Their numbers.
    pub open: HashSet<u64>,
    /// Which of all moments that was.
    moment: u64,
}

/// A socket; see the [module](self) for what it promises.
#[derive(Debug)]
pub struct Socket {
    inner: omq_tokio::Socket,
    /// The same, of a router.
    router: Option<IdentitySocket>,
    kind: Kind,
    reads_at_once: bool,
    bound: Vec<Endpoint>,
    crowd: Arc<Crowd>,
    _watch: Watch,
}

impl Socket {
    /// Opens a socket: listens and connects as the settings say. Its tasks end with the flow.
    ///
    /// # Errors
    /// Unavailable, if it cannot listen; internal, if a key cannot be read.
    pub async fn open(kind: Kind, wire: &Wire, ctx: &Context) -> Result<Socket> {
        let crowd = wire.crowd(kind.is_read());
        let options = wire.options(&crowd)?;
        let inner = omq_tokio::Socket::try_new(kind.into(), options).map_err(error)?;
        let watch = Watch::start(&inner, wire, &crowd, ctx);
        let mut bound = Vec::new();
        for endpoint in wire.bind.iter() {
            let address = inner.bind(endpoint.parsed()).await.map_err(|cause| {
                let message = format!("cannot listen on {endpoint}: {cause}");
                Error::unavailable(message).with_source(cause)
            })?;
            tracing::info!(
                flow = ctx.flow(),
                actor = ctx.actor(),
                "listening on {address}"
            );
            bound.push(Endpoint::from(address));
        }
        for endpoint in wire.connect.iter() {
            inner.connect(endpoint.parsed()).await.map_err(error)?;
        }
        let router = match kind {
            Kind::Router => Some(inner.identity_routing().map_err(error)?),
            _ => None,
        };
        Ok(Socket {
            inner,
            router,
            kind,
            reads_at_once: wire.reads_at_once,
            bound,
            crowd,
            _watch: watch,
        })
    }

    /// Returns where it listens, in the order of the settings.
    pub fn bound(&self) -> &[Endpoint] {
        &self.bound
    }

    /// Subscribes a [`Kind::Sub`] to what begins so; the empty text is everything.
    ///
    /// # Errors
    /// Internal, if the socket is of another kind.
    pub async fn subscribe(&self, prefix: &str) -> Result {
        let prefix = Bytes::copy_from_slice(prefix.as_bytes());
        self.inner.subscribe(prefix).await.map_err(error)
    }

    /// Sends a message, when there is a peer with room for it.
    ///
    /// # Errors
    /// Internal, if it cannot be sent at all over a socket of this kind.
    pub async fn send(&self, frames: Frames) -> Result {
        if self.kind != Kind::Pub {
            self.connected().await?;
        }
        self.inner.send(message(frames)).await.map_err(error)
    }

    /// Sends a message to a peer of a router.
    ///
    /// # Errors
    /// Unavailable, if that peer is not connected.
    pub async fn send_to(&self, peer: &[u8], frames: Frames) -> Result {
        self.router()?
            .send_to(peer, message(frames))
            .await
            .map_err(error)
    }

    /// Sends a message to a peer of a router, if that has room for it now.
    ///
    /// # Errors
    /// Unavailable, if that peer is not connected, or takes nothing.
    pub fn try_send_to(&self, peer: &[u8], frames: Frames) -> Result {
        let tried = self.router()?.try_send_to(peer, message(frames));
        tried.map_err(|cause| match cause {
            TrySendError::Full(_) => Error::unavailable("that peer takes nothing"),
            TrySendError::Closed => error(omq_tokio::Error::Closed),
            TrySendError::Error(cause) => error(cause),
        })
    }

    /// Waits for a message.
    ///
    /// # Errors
    /// Unavailable, if the socket is closed.
    pub async fn recv(&self) -> Result<Frames> {
        // Whoever sends without a break must not keep all other tasks waiting.
        consume_budget().await;
        if let Some(frames) = self.try_recv() {
            return Ok(frames);
        }
        let _waiting = self.crowd.wait();
        Ok(self.frames(self.inner.recv().await.map_err(error)?))
    }

    /// Takes a message that is there already.
    pub fn try_recv(&self) -> Option<Frames> {
        let message = self.inner.try_recv().ok()?;
        Some(self.frames(message))
    }

    /// Waits for a message to a router, and tells who has sent it.
    ///
    /// # Errors
    /// Unavailable, if the socket is closed.
    pub async fn recv_from(&self) -> Result<(Peer, Frames)> {
        let router = self.router()?;
        consume_budget().await;
        let (identity, message) = match router.try_recv_from() {
            Ok(received) => received,
            Err(_) => {
                let _waiting = self.crowd.wait();
                router.recv_from().await.map_err(error)?
            }
        };
        Ok(self.received(&identity, message))
    }

    /// Takes a message to a router that is there already, and tells who has sent it.
    pub fn try_recv_from(&self) -> Option<(Peer, Frames)> {
        let (identity, message) = self.router.as_ref()?.try_recv_from().ok()?;
        Some(self.received(&identity, message))
    }

    fn received(&self, identity: &Identity, message: Message) -> (Peer, Frames) {
        let info = identity.peer_info();
        let key = match &info.authentication.public_key {
            Some(PeerPublicKey::Curve(key)) => Some(PublicKey::from_bytes(*key)),
            _ => None,
        };
        let peer = Peer {
            id: Bytes::copy_from_slice(identity.as_ref()),
            address: info.peer_address.map(|address| address.to_string()),
            key,
            connection: info.connection_id,
        };
        (peer, self.frames(message))
    }

    /// Waits until other connections are open than at a moment before. Can be dropped in mid-way.
    ///
    /// # Errors
    /// Unavailable, if the socket is closed.
    pub async fn connections_change(&self, before: &Connections) -> Result {
        let changed = self.inner.connections_changed(before.moment).await;
        changed.map(drop).map_err(error)
    }

    /// Returns the connections that are open now. What has come over others can be received by then.
    ///
    /// # Errors
    /// Unavailable, if the socket is closed.
    pub async fn connections(&self) -> Result<Connections> {
        // Before the list: what changes between the two is told again.
        let moment = self.inner.connections_generation();
        let open = self.inner.connections().await.map_err(error)?;
        let open = open.iter().map(|one| one.connection_id).collect();
        Ok(Connections { open, moment })
    }

    /// Returns whether a peer is connected.
    pub fn is_connected(&self) -> bool {
        self.inner.ready_peer_count() > 0
    }

    /// Waits until a peer is connected.
    ///
    /// # Errors
    /// Unavailable, if the socket is closed.
    pub async fn connected(&self) -> Result {
        // Looked at first, since to wait asks the socket's task.
        if self.is_connected() {
            return Ok(());
        }
        let for_ever = Duration::MAX;
        let waited = self.inner.wait_connected(1, for_ever).await;
        waited.map(drop).map_err(error)
    }

    /// Closes the socket, when what was sent has left it, or `linger` is over.
    pub async fn close(&self) {
        // What it could complain about is that it is closed already.
        let _ = self.inner.clone().close().await;
    }

    /// Closes the socket at once; what has not left it never will.
    pub async fn discard(&self) {
        let _ = self
            .inner
            .clone()
            .close_with_linger(Some(Duration::ZERO))
            .await;
    }

    fn frames(&self, mut message: Message) -> Frames {
        if !self.reads_at_once {
            // A small frame must not keep the large buffer that it came in.
            message.bound_storage();
        }
        message.iter().collect()
    }

    fn router(&self) -> Result<&IdentitySocket> {
        let none = || Error::internal("only a router knows its peers");
        self.router.as_ref().ok_or_else(none)
    }
}

impl Kind {
    /// Returns whether its user reads what comes whenever there is room: one that asks may have nothing to ask.
    fn is_read(self) -> bool {
        matches!(self, Kind::Pull | Kind::Sub | Kind::Router)
    }
}

impl From<Kind> for SocketType {
    fn from(kind: Kind) -> SocketType {
        match kind {
            Kind::Push => SocketType::Push,
            Kind::Pull => SocketType::Pull,
            Kind::Pub => SocketType::Pub,
            Kind::Sub => SocketType::Sub,
            Kind::Dealer => SocketType::Dealer,
            Kind::Router => SocketType::Router,
        }
    }
}

fn message(frames: Frames) -> Message {
    Message::multipart(frames)
}

fn error(cause: omq_tokio::Error) -> Error {
    use omq_tokio::Error as Cause;
    let kind = match &cause {
        Cause::Timeout => ErrorKind::Timeout,
        Cause::MessageTooLarge { .. } => ErrorKind::TooLarge,
        Cause::Closed | Cause::Unroutable | Cause::Io(_) => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    let message = match &cause {
        Cause::Unroutable => "that peer is not connected".to_owned(),
        other => other.to_string(),
    };
    Error::new(kind, message).with_source(cause)
}
