//! Links between the processes of a flow, over ZeroMQ: a router where a process listens, a dealer for each that calls it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use compysition_core::{ByteSize, Context, Error, TimeSpan};
use compysition_nodes::{Doing, Line, LinkError, Listener, Promises, Receiver, Sender, Transport};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::coop::consume_budget;

use crate::socket::{Connections, Curve, Endpoint, Frames, Kind, Peer, Socket, SocketLimits, Wire};

/// Carries the frames between processes over ZeroMQ.
///
/// Without keys it stays on this machine, unless it is said to be [`insecure`](ZeroMq::insecure): whoever reaches the port
/// could send events.
#[derive(Clone, Debug, Default)]
pub struct ZeroMq {
    keys: Option<Keys>,
    insecure: bool,
}

/// The keys of a process, and those of the others.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The file with the secret key of this process.
    pub own: PathBuf,
    /// The public keys of the others, or files with them, by the names of the processes.
    pub others: BTreeMap<String, String>,
}

/// The largest frame. An event larger than what a flow may have under way never comes to a link.
const LARGEST_FRAME: usize = 256 << 20;

/// How many frames wait on their way from or to one process. The session above waits long before that.
const FRAMES: u32 = 1024;

/// How many frames of one line may wait to be read, and how many lines may be open.
const UNREAD: usize = 1024;
const LINES: usize = 4096;

impl ZeroMq {
    /// Encrypts what goes between the processes, and lets only those in whose keys are known.
    #[must_use]
    pub fn with_keys(mut self, keys: Keys) -> ZeroMq {
        self.keys = Some(keys);
        self
    }

    /// Lets others than this machine near without keys.
    #[must_use]
    pub fn insecure(mut self) -> ZeroMq {
        self.insecure = true;
        self
    }

    fn wire(&self, curve: Option<Curve>) -> Wire {
        Wire {
            curve,
            insecure: self.insecure,
            // By the session above, which lets no more than its window go unread.
            reads_at_once: true,
            limits: SocketLimits {
                max_message_size: ByteSize(LARGEST_FRAME),
                high_water_mark: FRAMES,
                // What was to be told has been acknowledged when a process ends.
                linger: TimeSpan::seconds(1),
                // The session above has heartbeats of its own.
                heartbeat: TimeSpan::seconds(0),
                max_reconnect: TimeSpan::seconds(1),
                ..SocketLimits::default()
            },
            ..Wire::default()
        }
    }
}

impl Transport for ZeroMq {
    fn promises(&self) -> Promises {
        Promises {
            is_ordered: true,
            tells_of_breaks: true,
            largest_frame: LARGEST_FRAME,
        }
    }

    fn listen<'a>(&'a self, address: &'a str, ctx: &'a Context) -> Doing<'a, Box<dyn Listener>> {
        Box::pin(async move {
            let curve = self.keys.as_ref().map(|keys| {
                let clients = keys.others.values().cloned().collect();
                Curve::server(keys.own.clone(), clients)
            });
            let wire = Wire {
                bind: std::iter::once(endpoint(address)?).collect(),
                linked: Some("another process".to_owned()),
                ..self.wire(curve)
            };
            let wire = wire.checked().map_err(LinkError::Fatal)?;
            let socket = Socket::open(Kind::Router, &wire, ctx)
                .await
                .map_err(fatal)?;
            Ok(Box::new(Router {
                socket: Arc::new(socket),
                lines: HashMap::new(),
                connections: Connections::default(),
                closed: HashSet::new(),
            }) as Box<dyn Listener>)
        })
    }

    fn dial<'a>(&'a self, process: &'a str, address: &'a str, ctx: &'a Context) -> Doing<'a, Line> {
        Box::pin(async move {
            let curve = match &self.keys {
                None => None,
                Some(keys) => {
                    let no_key = || {
                        LinkError::Fatal(format!("there is no public key of process `{process}`"))
                    };
                    let theirs = keys.others.get(process).ok_or_else(no_key)?;
                    Some(Curve::client(keys.own.clone(), theirs.clone()))
                }
            };
            let wire = Wire {
                connect: std::iter::once(endpoint(address)?).collect(),
                linked: Some(format!("process `{process}`")),
                ..self.wire(curve)
            };
            let wire = wire.checked().map_err(LinkError::Fatal)?;
            let socket = Socket::open(Kind::Dealer, &wire, ctx)
                .await
                .map_err(fatal)?;
            let socket = Arc::new(socket);
            Ok(Line {
                sender: Box::new(DealerOut(socket.clone())),
                receiver: Box::new(DealerIn {
                    socket,
                    connections: Connections::default(),
                    connection: None,
                    is_closed: false,
                }),
            })
        })
    }
}

fn endpoint(address: &str) -> Result<Endpoint, LinkError> {
    Endpoint::try_from(address.to_owned()).map_err(LinkError::Fatal)
}

fn fatal(error: Error) -> LinkError {
    LinkError::Fatal(error.message().to_owned())
}

fn passing(error: Error) -> LinkError {
    LinkError::Passing(error.message().to_owned())
}

/// Where the lines of others arrive: one for each routing id, and connection.
struct Router {
    socket: Arc<Socket>,
    lines: HashMap<Bytes, Open>,
    connections: Connections,
    /// Those of the lines that have closed, as long as there may be something to read of what came over them.
    closed: HashSet<u64>,
}

/// A line that has not ended, as the router knows it.
struct Open {
    connection: u64,
    frames: mpsc::Sender<Bytes>,
}

impl Listener for Router {
    fn accept(&mut self) -> Doing<'_, Line> {
        Box::pin(async move {
            loop {
                let (peer, mut frames) = self.next().await.map_err(fatal)?;
                // Nobody of ours sends more than one.
                let (Some(frame), true) = (frames.pop(), frames.is_empty()) else {
                    continue;
                };
                let line = self.lines.get(&peer.id);
                if let Some(line) = line.filter(|line| line.connection == peer.connection) {
                    match line.frames.try_send(frame) {
                        Ok(()) => continue,
                        Err(TrySendError::Closed(frame)) => return Ok(self.line(peer, frame)),
                        // Nobody else must wait for it: the session sends again what is lost with the line.
                        Err(TrySendError::Full(_)) => {
                            self.lines.remove(&peer.id);
                            continue;
                        }
                    }
                }
                self.lines.retain(|_, line| !line.frames.is_closed());
                if self.lines.len() < LINES {
                    return Ok(self.line(peer, frame));
                }
                tracing::warn!("a line more than {LINES} is not taken");
            }
        })
    }

    fn address(&self) -> String {
        let mut bound = self.socket.bound().iter().map(Endpoint::to_string);
        bound.next().unwrap_or_default()
    }
}

impl Router {
    /// Waits for the next message. A line whose connection has closed ends when all that came over it was read. Cancel safe.
    async fn next(&mut self) -> Result<(Peer, Frames), Error> {
        loop {
            if !self.closed.is_empty() {
                consume_budget().await;
                if let Some(received) = self.socket.try_recv_from() {
                    return Ok(received);
                }
                let closed = std::mem::take(&mut self.closed);
                self.lines
                    .retain(|_, line| !closed.contains(&line.connection));
            }
            tokio::select! {
                received = self.socket.recv_from() => return received,
                changed = self.socket.connections_change(&self.connections) => {
                    changed?;
                    self.connections = self.socket.connections().await?;
                    let lines = self.lines.values().map(|line| line.connection);
                    let is_closed = |connection: &u64| !self.connections.open.contains(connection);
                    self.closed = lines.filter(is_closed).collect();
                }
            }
        }
    }

    /// Makes a line on which this frame has come.
    fn line(&mut self, peer: Peer, first: Bytes) -> Line {
        let (sender, frames) = mpsc::channel(UNREAD);
        let open = Open {
            connection: peer.connection,
            frames: sender,
        };
        self.lines.insert(peer.id.clone(), open);
        Line {
            sender: Box::new(RouterOut {
                socket: self.socket.clone(),
                id: peer.id,
            }),
            receiver: Box::new(RouterIn {
                first: Some(first),
                frames,
            }),
        }
    }
}

struct RouterOut {
    socket: Arc<Socket>,
    id: Bytes,
}

impl Sender for RouterOut {
    fn send(&mut self, frame: Bytes) -> Doing<'_, ()> {
        Box::pin(async move {
            let sent = self.socket.send_to(&self.id, vec![frame]).await;
            sent.map_err(passing)
        })
    }
}

struct RouterIn {
    first: Option<Bytes>,
    frames: mpsc::Receiver<Bytes>,
}

impl Receiver for RouterIn {
    fn receive(&mut self) -> Doing<'_, Bytes> {
        Box::pin(async move {
            if let Some(first) = self.first.take() {
                return Ok(first);
            }
            self.frames.recv().await.ok_or_else(closed)
        })
    }
}

struct DealerOut(Arc<Socket>);

impl Sender for DealerOut {
    fn send(&mut self, frame: Bytes) -> Doing<'_, ()> {
        Box::pin(async move { self.0.send(vec![frame]).await.map_err(passing) })
    }
}

struct DealerIn {
    socket: Arc<Socket>,
    connections: Connections,
    /// The one that the line is, once it is there. What comes over a later one belongs to another line.
    connection: Option<u64>,
    is_closed: bool,
}

impl DealerIn {
    /// Takes note of which connections there are.
    fn note(&mut self, now: Connections) {
        let open = &now.open;
        match self.connection {
            None => self.connection = open.iter().next().copied(),
            Some(connection) => self.is_closed = !open.contains(&connection),
        }
        self.connections = now;
    }
}

impl Receiver for DealerIn {
    fn receive(&mut self) -> Doing<'_, Bytes> {
        Box::pin(async move {
            let frames = loop {
                if self.is_closed {
                    break self.socket.try_recv().ok_or_else(closed)?;
                }
                tokio::select! {
                    biased;
                    frames = self.socket.recv() => break frames.map_err(passing)?,
                    changed = self.socket.connections_change(&self.connections) => {
                        changed.map_err(passing)?;
                        self.note(self.socket.connections().await.map_err(passing)?);
                    }
                }
            };
            // Nobody of ours sends more than one.
            Ok(frames.into_iter().next().unwrap_or_default())
        })
    }
}

fn closed() -> LinkError {
    LinkError::Passing("the connection is closed".to_owned())
}
