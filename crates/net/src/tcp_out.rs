//! Events as frames over TCP.

use compysition_convert::Codec;
use compysition_core::{
    Actor, ByteSize, Context, ErrorKind, Event, Ports, Result, TimeSpan, more_than_nothing,
};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::address::Address;
use crate::frames::Format;
use crate::framing::Framing;
use crate::outgoing::Outgoing;
use crate::peer::{Connection, Peer};
use crate::tls::ClientTls;

/// Sends each event as a frame over TCP: as a line, if `framing` says nothing else. It passes the event on when it is written.
///
/// The connection is kept for the next event, and made anew when the peer has closed it. A peer that cannot be reached, or goes away, is
/// `unavailable`, and one that takes nothing for too long is `timeout`: `retry` tries them again. One whose certificate is wrong is
/// `bad_gateway`. What does not fit into the framing, such as a line break in a line, is `unprocessable`.
///
/// What is written may still be lost with the peer. With `reply: true` the next frame that the peer sends is waited for, and becomes the payload; one
/// that cannot be read is `bad_gateway`. An event that is tried again after there was no reply may reach the peer twice.
///
/// Example: `tcp_out: { address: "127.0.0.1:9000", framing: { delimiter: "\u001c\r" }, reply: true }`
///
/// Purpose: in and out. Patterns: channel adapter.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct TcpOut {
    peer: Peer,
    payload: Option<Template>,
    outgoing: Outgoing,
    connection: Option<Connection>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The peer: its host and port.
    address: Address,
    /// Where a frame ends.
    framing: Framing,
    /// How the payload stands in a frame, as `encode` and `decode` have it; if left out, as it is.
    codec: Option<Codec>,
    /// What is sent, a template; if left out the payload.
    payload: Option<Template>,
    /// Whether the peer replies to each frame with one, which becomes the payload.
    reply: bool,
    /// How large a reply may be.
    max_frame: ByteSize,
    /// How long it may take to connect, and to agree on the encryption.
    #[serde(deserialize_with = "more_than_nothing")]
    connect_timeout: TimeSpan,
    /// How long the peer may take for a frame, and then for its reply.
    #[serde(deserialize_with = "more_than_nothing")]
    timeout: TimeSpan,
    /// How the peer is known; without it nothing is encrypted. `{}` trusts the well-known authorities.
    tls: Option<ClientTls>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            address: Address::local(9000),
            framing: Framing::Lines,
            codec: None,
            payload: None,
            reply: false,
            max_frame: ByteSize(1 << 20),
            connect_timeout: TimeSpan::seconds(10),
            timeout: TimeSpan::seconds(30),
            tls: None,
        }
    }
}

impl TryFrom<Settings> for TcpOut {
    type Error = String;

    fn try_from(settings: Settings) -> Result<TcpOut, String> {
        let is_one_text = matches!(settings.codec, Some(Codec::Text(_)));
        if settings.framing == Framing::None && is_one_text {
            return Err("with `framing: none` nobody could tell where a `text` ends".into());
        }
        let format = Format::new(settings.framing, settings.codec, settings.max_frame.0)?;
        let encryption = settings
            .tls
            .map(|tls| tls.encryption(settings.address.host()));
        let encryption = encryption
            .transpose()
            .map_err(|error| error.message().to_owned())?;
        Ok(TcpOut {
            outgoing: Outgoing::new(&format),
            peer: Peer {
                address: settings.address,
                format,
                encryption,
                replies: settings.reply,
                connect_timeout: settings.connect_timeout.0,
                timeout: settings.timeout.0,
            },
            payload: settings.payload,
            connection: None,
        })
    }
}

impl TcpOut {
    fn frame(&mut self, event: &Event, ctx: &Context) -> Result<Vec<u8>> {
        match &self.payload {
            Some(template) => {
                let text = template.render((event, ctx))?;
                self.outgoing.raw(text.as_bytes())
            }
            None => self.outgoing.payload(event.payload()),
        }
    }

    /// Gives the peer an event, and returns the connection that it has it by. If this is broken off, nobody can know how far it came:
    /// the connection is gone then.
    async fn send(&mut self, event: &Event, ctx: &Context) -> Result<Connection> {
        let is_open = match &mut self.connection {
            Some(connection) => connection.is_open(self.peer.replies).await,
            None => false,
        };
        if !is_open {
            self.forget();
        }
        let frame = self.frame(event, ctx)?;
        if let Some(mut connection) = self.connection.take() {
            match self.peer.write(&mut connection, &frame).await {
                // It was closed meanwhile, and the peer cannot have all of the frame.
                Err(error) if error.kind() == ErrorKind::Unavailable => {}
                written => return written.map(|()| connection),
            }
        }
        self.forget();
        let frame = self.frame(event, ctx)?;
        let mut connection = self.peer.connect().await?;
        self.peer.write(&mut connection, &frame).await?;
        Ok(connection)
    }

    /// Begins anew with the next connection.
    fn forget(&mut self) {
        self.connection = None;
        self.outgoing = Outgoing::new(&self.peer.format);
    }
}

impl Actor for TcpOut {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let mut connection = self.send(&event, ctx).await?;
        if !self.peer.replies {
            self.connection = Some(connection);
            return ctx.send(event);
        }
        let reply = self.peer.reply(&mut connection, ctx).await?;
        self.connection = Some(connection);
        ctx.send(event.with(reply))
    }

    async fn stop(&mut self, _: &Context) -> Result {
        if let Some(connection) = self.connection.take() {
            connection.leave().await;
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().outside().sink()
    }
}
