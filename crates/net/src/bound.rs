//! Where an actor can be reached.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;

/// Tells the address that a [`TcpIn`](crate::TcpIn) or [`UdpIn`](crate::UdpIn) listens on: the way to know the port when the address ends
/// in `:0`.
#[derive(Clone, Debug)]
pub struct Bound(watch::Receiver<Option<SocketAddr>>);

impl Bound {
    /// Returns the address, if the actor listens already, as it does when its flow has started.
    pub fn get(&self) -> Option<SocketAddr> {
        *self.0.borrow()
    }
}

/// What an actor tells its address by.
#[derive(Clone)]
pub(crate) struct Notice(Arc<watch::Sender<Option<SocketAddr>>>);

impl Default for Notice {
    fn default() -> Notice {
        Notice(Arc::new(watch::channel(None).0))
    }
}

impl Notice {
    pub(crate) fn tell(&self, address: SocketAddr) {
        self.0.send_replace(Some(address));
    }

    pub(crate) fn bound(&self) -> Bound {
        Bound(self.0.subscribe())
    }
}
