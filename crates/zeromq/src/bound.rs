//! Where an actor can be reached.

use std::sync::Arc;

use tokio::sync::watch;

use crate::socket::Endpoint;

/// Tells where an actor listens: the way to know the port of an endpoint that ends in `:*`.
#[derive(Clone, Debug)]
pub struct Bound(watch::Receiver<Vec<Endpoint>>);

impl Bound {
    /// Returns the endpoints, in the order of the settings; none before the actor's flow has started.
    pub fn get(&self) -> Vec<Endpoint> {
        self.0.borrow().clone()
    }
}

/// What an actor tells its endpoints by.
#[derive(Clone, Debug)]
pub(crate) struct Notice(Arc<watch::Sender<Vec<Endpoint>>>);

impl Default for Notice {
    fn default() -> Notice {
        Notice(Arc::new(watch::channel(Vec::new()).0))
    }
}

impl Notice {
    pub(crate) fn tell(&self, endpoints: &[Endpoint]) {
        self.0.send_replace(endpoints.to_vec());
    }

    pub(crate) fn bound(&self) -> Bound {
        Bound(self.0.subscribe())
    }
}
