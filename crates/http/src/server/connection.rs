//! One connection from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use compysition_core::Source;
use http::{Request, Response, Version};
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::server::body::ResponseBody;
use crate::server::connections::{Connection, Phase};
use crate::server::door::Door;
use crate::server::spawn::SpawnOn;
use crate::server::wire::{Stream, Wire};

/// How much of a refused body is still read, and for how long, so that the client can read its answer.
const LINGER_BYTES: u64 = 4 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// Requests that one HTTP/2 connection may have under way.
const MOST_STREAMS: u32 = 250;

/// What the connections of one server have in common.
pub(crate) struct Host {
    pub(crate) door: Arc<Door>,
    pub(crate) source: Source,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) header_timeout: Duration,
    pub(crate) spawn: SpawnOn,
}

/// What the requests of one connection have in common.
struct Peer {
    door: Arc<Door>,
    source: Source,
    client: SocketAddr,
    connection: Connection,
    spawn: SpawnOn,
}

/// Serves a client until it goes, is too slow, or the server ends.
pub(crate) async fn serve(
    host: Arc<Host>,
    stream: TcpStream,
    client: SocketAddr,
    connection: Connection,
) {
    let phase = connection.phase();
    let opened = tokio::select! {
        opened = timeout(host.header_timeout, open(&host, stream, &connection)) => opened,
        // Nothing was asked yet, so there is nothing to answer.
        () = connection.phase_changed(phase) => return,
    };
    let Ok(Ok((wire, is_http2))) = opened else {
        return;
    };
    let peer = Arc::new(Peer {
        door: host.door.clone(),
        source: host.source.clone(),
        client,
        connection,
        spawn: host.spawn.clone(),
    });
    if is_http2 {
        serve_http2(&host, wire, peer, phase).await;
    } else {
        serve_http1(wire, peer, phase).await;
    }
}

async fn open(
    host: &Host,
    stream: TcpStream,
    connection: &Connection,
) -> std::io::Result<(Wire, bool)> {
    // Answers are written whole, so that there is nothing to wait for.
    stream.set_nodelay(true)?;
    let stream = match &host.tls {
        Some(tls) => Stream::Tls(Box::new(tls.accept(stream).await?)),
        None => Stream::Plain(stream),
    };
    let mut wire = Wire::new(stream, connection.activity.clone());
    let is_http2 = wire.is_http2().await?;
    Ok((wire, is_http2))
}

async fn serve_http1(wire: Wire, peer: Arc<Peer>, phase: Phase) {
    let activity = peer.connection.activity.clone();
    let own = peer.clone();
    let service = service_fn(move |request| answer(own.clone(), request));
    let mut builder = http1::Builder::new();
    // Time-outs of the head are kept here, for idle connections and slow heads alike.
    builder.header_read_timeout(None).timer(TokioTimer::new());
    // Who came after the end had begun is told so, once.
    builder.keep_alive(phase == Phase::Serving);
    let mut conn = builder.serve_connection(TokioIo::new(wire), service);
    let end = drive(
        &mut conn,
        http1::Connection::graceful_shutdown,
        &peer,
        phase,
        true,
    )
    .await;
    let parts = conn.into_parts();
    let mut wire = parts.io.into_inner();
    if end == End::TooSlow && !parts.read_buf.is_empty() {
        let late =
            b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let told = async {
            wire.write_all(late).await?;
            wire.shutdown().await
        };
        let _ = timeout(LINGER, told).await;
    }
    if activity.has_unread() {
        // A socket closed with something unread in it resets the connection, and the client may never
        // see its answer.
        let mut rest = wire.take(LINGER_BYTES);
        let mut sink = tokio::io::sink();
        let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut sink)).await;
    }
}

async fn serve_http2(host: &Host, wire: Wire, peer: Arc<Peer>, phase: Phase) {
    let own = peer.clone();
    let service = service_fn(move |request| answer(own.clone(), request));
    let mut builder = http2::Builder::new(host.spawn.clone());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS);
    let mut conn = builder.serve_connection(TokioIo::new(wire), service);
    drive(
        &mut conn,
        http2::Connection::graceful_shutdown,
        &peer,
        phase,
        false,
    )
    .await;
}

/// Says why a connection ended.
#[derive(PartialEq, Eq)]
enum End {
    Done,
    TooSlow,
}

/// Drives a connection to its end, and ends it when it is idle for too long or the server ends.
/// `shows_all` says that what has been made for the client and is not blocked has been sent, as it is
/// without the windows of HTTP/2.
async fn drive<C: Future + Unpin>(
    conn: &mut C,
    graceful_shutdown: impl Fn(Pin<&mut C>),
    peer: &Peer,
    mut phase: Phase,
    shows_all: bool,
) -> End {
    let connection = &peer.connection;
    let activity = &connection.activity;
    // The waker stays the same as long as the task does, and is worth a look for each request, but no lock.
    let mut waker: Option<Waker> = None;
    poll_fn(|cx| {
        if !waker.as_ref().is_some_and(|own| own.will_wake(cx.waker())) {
            waker = Some(cx.waker().clone());
            activity.wakes(cx.waker());
        }
        if phase == Phase::Serving && connection.phase() > Phase::Serving {
            graceful_shutdown(Pin::new(&mut *conn));
        }
        phase = connection.phase();
        if Pin::new(&mut *conn).poll(cx).is_ready() {
            return Poll::Ready(End::Done);
        }
        if phase == Phase::Closing && shows_all && activity.is_done() {
            return Poll::Ready(End::Done);
        }
        match activity.is_idle() {
            true => Poll::Ready(End::TooSlow),
            false => Poll::Pending,
        }
    })
    .await
}

async fn answer(
    peer: Arc<Peer>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let active = peer.connection.activity.begin();
    let (head, mut body) = request.into_parts();
    let is_http2 = head.version == Version::HTTP_2;
    let own = Pin::new(&mut body);
    let reply = peer
        .door
        .answer(&peer.source, head, own, Some(peer.client))
        .await;
    let mut response = reply.response;
    if reply.has_unread {
        active.activity().leaves_unread();
        match is_http2 {
            // The connection goes on, and clients may take a reset for a failure.
            true => peer.spawn.0.spawn(discard(body)),
            false => response.body_mut().keep_unread(body),
        }
    }
    response.body_mut().keep_active(active);
    Ok(response)
}

/// Reads what is left of a refused body, within bounds.
async fn discard(mut body: Incoming) {
    let rest = async {
        let mut left = LINGER_BYTES;
        while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            if length > left {
                return;
            }
            left -= length;
        }
    };
    let _ = timeout(LINGER, rest).await;
}
