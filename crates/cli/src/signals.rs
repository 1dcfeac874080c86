//! How the process is told to stop: by SIGINT or SIGTERM.

use std::io;
use std::time::{Duration, Instant};

/// The signals that came since they are listened to, so that none is missed while flows start.
pub(crate) struct Signals {
    inner: Inner,
    /// The process that started this one: without it this one is to stop as well.
    parent: Option<u32>,
    /// When the last one came.
    last: Option<Instant>,
}

/// How long after a signal another one is the same wish: who signals a process and then its group, as `timeout` does, means one.
const ECHO: Duration = Duration::from_millis(300);

/// How often a process looks whether the one is still there that started it.
#[cfg(unix)]
const GLANCE: Duration = Duration::from_millis(500);

impl Signals {
    /// Takes the end of the process that started this one for a signal, too.
    pub(crate) fn or_orphaned(mut self, parent: Option<u32>) -> Signals {
        self.parent = parent;
        self
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        let parent = self.parent;
        loop {
            tokio::select! {
                () = self.inner.next() => {}
                () = until_orphaned(parent) => {
                    self.parent = None;
                    break;
                }
            }
            // What a parent passes on is no echo: it has heard those itself.
            let is_echo = self.last.is_some_and(|last| last.elapsed() < ECHO);
            if parent.is_some() || !is_echo {
                break;
            }
        }
        self.last = Some(Instant::now());
    }
}

/// Waits until another process has adopted this one.
async fn until_orphaned(parent: Option<u32>) {
    #[cfg(unix)]
    if let Some(parent) = parent {
        while std::os::unix::process::parent_id() == parent {
            tokio::time::sleep(GLANCE).await;
        }
        return;
    }
    let _ = parent;
    std::future::pending().await
}

#[cfg(unix)]
struct Inner {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let inner = Inner {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        };
        Ok(Signals {
            inner,
            parent: None,
            last: None,
        })
    }
}

#[cfg(unix)]
impl Inner {
    async fn next(&mut self) {
        let Inner {
            interrupt,
            terminate,
        } = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Inner;

#[cfg(not(unix))]
impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Signals> {
        Ok(Signals {
            inner: Inner,
            parent: None,
            last: None,
        })
    }
}

#[cfg(not(unix))]
impl Inner {
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
