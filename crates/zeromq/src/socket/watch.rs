//! Tells the log what becomes of a socket's connections, and tries again where the library gives up.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use compysition_core::Context;
use omq_tokio::{
    DisconnectReason, Endpoint, MonitorEvent, MonitorRecvError, MonitorStream, PeerSubscriptions,
};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::crowd::Crowd;
use super::wire::Wire;

/// Watches a socket until it is dropped.
#[derive(Debug)]
pub(super) struct Watch(#[expect(dead_code, reason = "its end is the sign")] oneshot::Sender<()>);

/// How many reasons are remembered: what others say may be in them.
const MOST_TOLD: usize = 64;

/// How many subscriptions a peer may have: each takes memory as long as it is connected.
const MOST_SUBSCRIPTIONS: usize = 10_000;

/// What a reason ends with if there was no room in the crowd.
const NO_ROOM: &str = "status 300";

/// Whose socket it is, and who is connected to it.
struct Owner {
    flow: Arc<str>,
    actor: Arc<str>,
    connected: HashSet<u64>,
    crowd: Arc<Crowd>,
    /// How many subscriptions each has.
    subscriptions: HashMap<u64, usize>,
    most: usize,
    linked: Option<String>,
    /// Why others could not be spoken with since the last one could.
    told: HashSet<String>,
}

impl Watch {
    pub(super) fn start(
        socket: &omq_tokio::Socket,
        wire: &Wire,
        crowd: &Arc<Crowd>,
        ctx: &Context,
    ) -> Watch {
        let (alive, mut dead) = oneshot::channel();
        let mut owner = Owner {
            flow: ctx.flow().into(),
            actor: ctx.actor().into(),
            connected: HashSet::new(),
            crowd: crowd.clone(),
            subscriptions: HashMap::new(),
            most: wire.limits.max_connections,
            linked: wire.linked.clone(),
            told: HashSet::new(),
        };
        let monitor = socket.monitor();
        let socket = socket.clone();
        let pause = wire.limits.max_reconnect.0.max(wire.limits.reconnect.0);
        ctx.spawner().spawn(async move {
            tokio::select! {
                _ = &mut dead => {}
                () = owner.watch(monitor, socket, pause) => {}
            }
        });
        Watch(alive)
    }
}

impl Owner {
    async fn watch(
        &mut self,
        mut monitor: MonitorStream,
        socket: omq_tokio::Socket,
        pause: Duration,
    ) {
        // Who has refused us, and when that is to be tried again.
        let mut refused: VecDeque<(Instant, Endpoint)> = VecDeque::new();
        loop {
            let event = tokio::select! {
                event = monitor.recv() => event,
                endpoint = first(&mut refused) => {
                    // It was right before; that the socket is closed ends the loop.
                    let _ = socket.connect(endpoint).await;
                    continue;
                }
            };
            match event {
                Ok(MonitorEvent::ConnectStopped { endpoint, reason }) => {
                    self.refused(&endpoint, &reason, pause);
                    refused.push_back((Instant::now() + pause, endpoint));
                }
                Ok(event) => {
                    self.count(&event, &socket).await;
                    self.tell(event);
                }
                Err(MonitorRecvError::Lagged(missed)) => {
                    let (flow, actor) = (&self.flow, &self.actor);
                    tracing::warn!(%flow, %actor, "{missed} events of connections came too fast to be logged");
                    // What a publisher has missed of subscriptions is told again; of other sockets there is nothing to tell.
                    if let Ok((anew, peers)) = socket.monitor_with_subscriptions().await {
                        monitor = anew;
                        self.count_anew(&peers, &socket).await;
                    }
                    let Ok(all) = socket.connections().await else {
                        return;
                    };
                    let all: HashSet<u64> = all.iter().map(|one| one.connection_id).collect();
                    // Who has come and gone meanwhile, is in three events.
                    let gone = self.connected.difference(&all).count();
                    self.crowd.went(gone + missed as usize / 3);
                    self.crowd.set_connected(all.len());
                    self.connected = all;
                }
                Err(_) => return,
            }
        }
    }

    /// Counts who is connected, and closes the connection of one too many.
    async fn count(&mut self, event: &MonitorEvent, socket: &omq_tokio::Socket) {
        match event {
            MonitorEvent::Disconnected { peer, .. } => {
                self.subscriptions.remove(&peer.connection_id);
                if self.connected.remove(&peer.connection_id) {
                    self.crowd.went(1);
                }
                self.crowd.set_connected(self.connected.len());
            }
            MonitorEvent::HandshakeSucceeded { peer, .. } => {
                self.connected.insert(peer.connection_id);
                self.crowd.set_connected(self.connected.len());
                if self.connected.len() > self.most {
                    let (flow, actor) = (&self.flow, &self.actor);
                    tracing::warn!(%flow, %actor, "a connection is closed: there are more than {}", self.most);
                    // It may have gone already.
                    let _ = socket.disconnect_peer(peer.connection_id).await;
                }
            }
            MonitorEvent::SubscribeReceived { connection_id, .. } => {
                let count = self.subscriptions.entry(*connection_id).or_default();
                *count += 1;
                // Once: more of them may be on their way.
                if *count == MOST_SUBSCRIPTIONS + 1 {
                    self.end_subscriber(*connection_id, socket).await;
                }
            }
            MonitorEvent::UnsubscribeReceived { connection_id, .. } => {
                if let Some(count) = self.subscriptions.get_mut(connection_id) {
                    *count = count.saturating_sub(1);
                }
            }
            _ => {}
        }
    }

    async fn count_anew(&mut self, peers: &[PeerSubscriptions], socket: &omq_tokio::Socket) {
        let counts = peers
            .iter()
            .map(|one| (one.peer.connection_id, one.prefixes.len()));
        self.subscriptions = counts.collect();
        let is_over = |(_, count): &(&u64, &usize)| **count > MOST_SUBSCRIPTIONS;
        let over = self.subscriptions.iter().filter(is_over);
        let over: Vec<u64> = over.map(|(peer, _)| *peer).collect();
        for peer in over {
            self.end_subscriber(peer, socket).await;
        }
    }

    async fn end_subscriber(&self, connection_id: u64, socket: &omq_tokio::Socket) {
        let (flow, actor) = (&self.flow, &self.actor);
        tracing::warn!(%flow, %actor, "a connection is closed: it has more than {MOST_SUBSCRIPTIONS} subscriptions");
        // It may have gone already.
        let _ = socket.disconnect_peer(connection_id).await;
    }

    fn tell(&mut self, event: MonitorEvent) {
        if let MonitorEvent::HandshakeFailed {
            endpoint, reason, ..
        } = &event
            && self.is_apart(endpoint, reason)
        {
            return;
        }
        let (flow, actor) = (&self.flow, &self.actor);
        match event {
            MonitorEvent::HandshakeFailed {
                endpoint,
                peer_ident,
                reason,
            } => {
                let peer = peer_ident;
                if reason.ends_with(NO_ROOM) {
                    let most = self.most;
                    tracing::warn!(%flow, %actor, %peer, "the connection over {endpoint} is closed: `max_connections` is {most}, and who has gone counts until what it has sent is read");
                    return;
                }
                tracing::info!(%flow, %actor, %peer, "the connection over {endpoint} is closed: {reason}");
            }
            MonitorEvent::Disconnected {
                endpoint,
                peer,
                reason,
            } => {
                let peer = peer.peer_address.map(|address| address.to_string());
                let peer = peer.unwrap_or_default();
                let reason = why(&reason);
                tracing::info!(%flow, %actor, %peer, "the connection over {endpoint} is closed: {reason}");
            }
            MonitorEvent::HandshakeSucceeded { endpoint, peer } => {
                self.told.clear();
                let peer = peer.peer_address.map(|address| address.to_string());
                let peer = peer.unwrap_or_default();
                tracing::debug!(%flow, %actor, %peer, "connected over {endpoint}");
            }
            _ => {}
        }
    }

    /// Says once that a link of the flow cannot be, and what to do; returns whether it is one.
    fn is_apart(&mut self, endpoint: &Endpoint, reason: &str) -> bool {
        let Some(linked) = &self.linked else {
            return false;
        };
        if self.told.len() < MOST_TOLD && self.told.insert(reason.to_owned()) {
            let (flow, actor) = (&self.flow, &self.actor);
            tracing::warn!(
                %flow, %actor,
                "{linked} cannot be spoken with over {endpoint}: {reason}; start all processes with the same `keys`, or all without"
            );
        }
        true
    }

    fn refused(&mut self, endpoint: &Endpoint, reason: &DisconnectReason, pause: Duration) {
        let reason = why(reason);
        if self.is_apart(endpoint, &reason) {
            return;
        }
        let (flow, actor) = (&self.flow, &self.actor);
        tracing::warn!(%flow, %actor, "{endpoint} lets us not in: {reason}; is our key on its list? The next try is in {pause:?}");
    }
}

/// Waits until the first endpoint is to be tried again, for ever if there is none, and takes it off.
async fn first(refused: &mut VecDeque<(Instant, Endpoint)>) -> Endpoint {
    match refused.front() {
        Some((due, _)) => sleep_until(*due).await,
        None => std::future::pending().await,
    }
    match refused.pop_front() {
        Some((_, endpoint)) => endpoint,
        None => std::future::pending().await,
    }
}

fn why(reason: &DisconnectReason) -> String {
    match reason {
        DisconnectReason::PeerClosed => "the peer has closed it".to_owned(),
        DisconnectReason::LocalClose => "we have closed it".to_owned(),
        DisconnectReason::Error(error) => error.clone(),
        DisconnectReason::HandshakeRefused(refusal) => refusal.to_string(),
        DisconnectReason::Handover => "another connection has taken its routing id".to_owned(),
        _ => "for another reason".to_owned(),
    }
}
