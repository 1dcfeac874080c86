//! The connections of a client to its brokers.

use std::sync::atomic::{AtomicUsize, Ordering};

use compysition_core::{Context, Error, Result};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::socket::{Kind, Socket, Wire};

/// The connections to the brokers.
pub(super) struct Lines {
    wires: Vec<Wire>,
    /// Whose turn it is.
    next: AtomicUsize,
    free: Mutex<Vec<Socket>>,
    turns: Semaphore,
}

/// A connection for one request. If it is not given back it is discarded at once: neither is its request sent later, nor is a late
/// answer taken for another's.
pub(super) struct Lease<'a> {
    lines: &'a Lines,
    ctx: &'a Context,
    socket: Option<Socket>,
    _turn: SemaphorePermit<'a>,
}

impl Lines {
    /// Makes connections to brokers, at most so many at a time.
    pub(super) fn new(wires: Vec<Wire>, most: usize) -> Lines {
        Lines {
            wires,
            next: AtomicUsize::new(0),
            free: Mutex::default(),
            turns: Semaphore::new(most),
        }
    }

    /// Waits for a turn, and returns a connection: one that is free, or a new one to the next broker that can be reached.
    ///
    /// # Errors
    /// A time-out, if none can be reached until then.
    pub(super) async fn lease<'a>(
        &'a self,
        ctx: &'a Context,
        deadline: Instant,
    ) -> Result<Lease<'a>> {
        let mut lease = Lease {
            lines: self,
            ctx,
            socket: None,
            _turn: self.turns.acquire().await?,
        };
        let free = || self.free.lock().pop();
        while let Some(socket) = free() {
            // What nobody has asked for must not be taken for an answer.
            let is_quiet = socket.try_recv().is_none();
            let is_good = is_quiet && socket.is_connected();
            lease.replace(socket);
            if is_good {
                return Ok(lease);
            }
        }
        let mut left = self.wires.len() as u32;
        loop {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            let wire = &self.wires[turn % self.wires.len()];
            let socket = lease.replace(Socket::open(Kind::Dealer, wire, ctx).await?);
            // The last one may take all the time that there is.
            let share = deadline.saturating_duration_since(Instant::now()) / left;
            match timeout_at(Instant::now() + share, socket.connected()).await {
                Ok(connected) => return connected.map(|()| lease),
                Err(_) if left > 1 => left -= 1,
                Err(_) => return Err(Error::timeout("no broker can be reached")),
            }
        }
    }

    /// Closes those that nobody uses.
    pub(super) async fn close(&self) {
        let free = std::mem::take(&mut *self.free.lock());
        for socket in free {
            socket.close().await;
        }
    }
}

impl Lease<'_> {
    /// Returns the connection.
    pub(super) fn socket(&self) -> Result<&Socket> {
        let none = || Error::internal("there is no connection");
        self.socket.as_ref().ok_or_else(none)
    }

    /// Lets the next request have the connection.
    pub(super) fn give_back(mut self) {
        self.lines.free.lock().extend(self.socket.take());
    }

    /// Takes a connection in place of the one there was.
    fn replace(&mut self, socket: Socket) -> &Socket {
        self.discard();
        self.socket.insert(socket)
    }

    fn discard(&mut self) {
        if let Some(socket) = self.socket.take() {
            let discarding = async move { socket.discard().await };
            self.ctx.spawner().spawn(discarding);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.discard();
    }
}
