//! How many peers a socket has, and who is let in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use omq_tokio::{AuthenticationResult, AuthenticationStatus, Authenticator, MechanismPeerInfo};

/// The peers of a socket: those that are connected, and those that have gone and left messages that are not read yet. Both take
/// memory, so there is a most for the two together: else who comes, sends and goes, again and again, would fill it.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    connected: AtomicUsize,
    gone: AtomicUsize,
    /// How many wait for a message. While somebody does, nothing is left of those who have gone.
    waiting: AtomicUsize,
    /// Whether what comes is read whenever there is room. Of other sockets what is left is not known.
    is_read: bool,
}

/// Says that somebody waits for a message, until it is dropped.
pub(super) struct Waiting<'a>(&'a Crowd);

impl Crowd {
    pub(super) fn new(most: usize, is_read: bool) -> Arc<Crowd> {
        Arc::new(Crowd {
            most,
            connected: AtomicUsize::new(0),
            gone: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            is_read,
        })
    }

    /// Notes how many are connected.
    pub(super) fn set_connected(&self, connected: usize) {
        self.connected.store(connected, Relaxed);
    }

    /// Notes that so many have gone.
    pub(super) fn went(&self, peers: usize) {
        if self.is_read && self.waiting.load(Relaxed) == 0 {
            self.gone.fetch_add(peers, Relaxed);
        }
    }

    /// Notes that all that has come was read, and that somebody waits for more.
    pub(super) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Relaxed);
        self.gone.store(0, Relaxed);
        Waiting(self)
    }

    fn is_full(&self) -> bool {
        self.connected.load(Relaxed) + self.gone.load(Relaxed) >= self.most
    }

    /// Returns what decides who is let in: whoever `knows` says, while there is room.
    pub(super) fn gate<F>(self: &Arc<Self>, knows: F) -> Authenticator
    where
        F: Fn(&MechanismPeerInfo) -> bool + Send + Sync + 'static,
    {
        let crowd = self.clone();
        Authenticator::new_with_result(move |peer| {
            if !knows(peer) {
                return AuthenticationResult::deny();
            }
            let mut result = AuthenticationResult::allow();
            if crowd.is_full() {
                // The peer tries again.
                result.status = AuthenticationStatus::TemporaryFailure;
            }
            result
        })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_gone_counts_until_all_is_read() {
        let crowd = Crowd::new(3, true);
        crowd.set_connected(1);
        crowd.went(2);
        assert!(crowd.is_full());
        let waiting = crowd.wait();
        assert!(!crowd.is_full());
        crowd.went(9);
        assert!(!crowd.is_full(), "they have left nothing");
        drop(waiting);
        crowd.went(2);
        assert!(crowd.is_full());
        let unread = Crowd::new(3, false);
        unread.went(9);
        assert!(!unread.is_full(), "nobody would ever read it");
    }
}
