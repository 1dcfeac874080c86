//! One connection, from its first byte to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::Event;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::farewell::farewell;
use crate::outgoing::Outgoing;
use crate::server::intake::{End, Intake, MOST_DUE};
use crate::server::replies::Replies;
use crate::server::rules::{Host, Reply};

/// How long it may take to agree on the encryption.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Who is connected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// Counts the connections of the actor.
    pub(crate) number: u64,
}

/// Serves one connection.
pub(crate) async fn serve(host: Arc<Host>, stream: TcpStream, peer: Peer) {
    // Without it small answers wait; that it cannot be set is no harm.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = &host.acceptor else {
        return converse(&host, stream, peer).await;
    };
    match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => converse(&host, stream, peer).await,
        Ok(Err(error)) => log(&host, peer, &format!("it could not be encrypted: {error}")),
        Err(_) => log(&host, peer, "it took too long to agree on the encryption"),
    }
}

async fn converse(host: &Host, stream: impl AsyncRead + AsyncWrite, peer: Peer) {
    let (mut reader, mut writer) = split(Box::pin(stream));
    let (due, coming) = unbounded_channel();
    let turns = Arc::new(Semaphore::new(MOST_DUE));
    let attribute = json!({
        "peer": peer.address.to_string(),
        "connection": peer.number,
        "tls": host.acceptor.is_some(),
    });
    let intake = Intake {
        host,
        named: Event::new(()).with_attribute("tcp", attribute),
        due,
        turns: turns.clone(),
    };
    let replies = Replies {
        host,
        outgoing: Outgoing::new(&host.rules.format),
        due: coming,
    };
    let end = {
        let mut reading = std::pin::pin!(intake.run(&mut reader));
        let mut telling = std::pin::pin!(replies.run(&mut writer));
        tokio::select! {
            end = &mut reading => match telling.await {
                Ok(()) => end,
                Err(end) => end,
            },
            Err(end) = &mut telling => end,
        }
    };
    end.log(host, peer);
    let says_something = !matches!(host.rules.reply, Reply::Nothing);
    farewell(reader.unsplit(writer), says_something).await;
}

impl End {
    fn log(&self, host: &Host, peer: Peer) {
        match self {
            End::Said => {}
            End::Lost(error) => log(host, peer, &error.to_string()),
            End::Idle => log(host, peer, "nothing came for too long"),
            End::Broken(error) => log(host, peer, error.message()),
            End::Deaf => log(host, peer, "the client does not take what it is told"),
            End::Failed => log(
                host,
                peer,
                "a frame failed, and there is no text in `refuse` to say so",
            ),
            End::Stopping => log(host, peer, "the flow stops"),
        }
    }
}

fn log(host: &Host, peer: Peer, why: &str) {
    let ctx = host.source.context();
    tracing::info!(
        flow = ctx.flow(),
        actor = ctx.actor(),
        peer = %peer.address,
        connection = peer.number,
        "the connection is closed: {why}"
    );
}
