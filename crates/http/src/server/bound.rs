//! Where a server can be reached.

use std::net::SocketAddr;

use tokio::sync::watch;

/// Tells the address that an [`HttpServer`](crate::HttpServer) listens on, once it does: the way to know
/// the port when the address ends in `:0`.
#[derive(Clone, Debug)]
pub struct Bound(pub(crate) watch::Receiver<Option<SocketAddr>>);

impl Bound {
    /// Returns the address, if the server listens already, as it does when its flow has started.
    pub fn get(&self) -> Option<SocketAddr> {
        *self.0.borrow()
    }

    /// Waits until the server listens, and returns its address; none if it was dropped before.
    pub async fn address(&self) -> Option<SocketAddr> {
        let mut address = self.0.clone();
        let address = address.wait_for(Option::is_some).await.ok()?;
        *address
    }
}
