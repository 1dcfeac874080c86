//! Lines within one process, for tests and simulations: they can be cut, and lose what is on them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use compysition_core::Context;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::transport::{Doing, Line, LinkError, Listener, Promises, Receiver, Sender, Transport};

/// Carries frames between tasks of one process.
#[derive(Clone, Default)]
pub struct Memory(Arc<Shared>);

#[derive(Default)]
struct Shared {
    listening: Mutex<HashMap<String, mpsc::UnboundedSender<Line>>>,
    /// Changes whenever all lines are cut.
    cuts: watch::Sender<u64>,
    /// Of how many frames one is lost; 0 for none.
    loses: AtomicU64,
    sent: AtomicU64,
    opened: AtomicU64,
    /// Whether who closes a line is only silent from then on.
    is_quiet: AtomicBool,
}

/// How many frames fit on a line.
const ROOM: usize = 64;

impl Memory {
    /// Breaks all lines that there are.
    pub fn cut(&self) {
        self.0.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Loses one of so many frames, without a word; none if it is 0.
    pub fn lose_one_of(&self, frames: u64) {
        self.0.loses.store(frames, Relaxed);
    }

    /// Lets lines close without a word: the other side only hears nothing any more.
    pub fn close_quietly(&self) {
        self.0.is_quiet.store(true, Relaxed);
    }

    /// Returns how many frames were ever sent, with those that were lost.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Relaxed)
    }

    /// Returns how many lines were ever opened.
    pub fn opened(&self) -> u64 {
        self.0.opened.load(Relaxed)
    }
}

impl Transport for Memory {
    fn promises(&self) -> Promises {
        Promises {
            is_ordered: true,
            tells_of_breaks: !self.0.is_quiet.load(Relaxed),
            largest_frame: usize::MAX,
        }
    }

    fn listen<'a>(&'a self, address: &'a str, _: &'a Context) -> Doing<'a, Box<dyn Listener>> {
        Box::pin(async move {
            let (sender, lines) = mpsc::unbounded_channel();
            self.0.listening.lock().insert(address.to_owned(), sender);
            let address = address.to_owned();
            Ok(Box::new(Lines { lines, address }) as Box<dyn Listener>)
        })
    }

    fn dial<'a>(&'a self, _: &'a str, address: &'a str, _: &'a Context) -> Doing<'a, Line> {
        Box::pin(async move {
            let nobody = || LinkError::Passing(format!("nobody listens at {address}"));
            let listening = self.0.listening.lock().get(address).cloned();
            let (there, here) = (mpsc::channel(ROOM), mpsc::channel(ROOM));
            let theirs = self.line(there.0, here.1);
            listening
                .ok_or_else(nobody)?
                .send(theirs)
                .map_err(|_| nobody())?;
            self.0.opened.fetch_add(1, Relaxed);
            Ok(self.line(here.0, there.1))
        })
    }
}

impl Memory {
    fn line(&self, sender: mpsc::Sender<Bytes>, receiver: mpsc::Receiver<Bytes>) -> Line {
        let half = |cuts: watch::Receiver<u64>| Cut(cuts);
        Line {
            sender: Box::new(Out {
                sender,
                shared: self.0.clone(),
                cut: half(self.0.cuts.subscribe()),
            }),
            receiver: Box::new(In {
                receiver,
                shared: self.0.clone(),
                cut: half(self.0.cuts.subscribe()),
            }),
        }
    }
}

struct Lines {
    lines: mpsc::UnboundedReceiver<Line>,
    address: String,
}

impl Listener for Lines {
    fn accept(&mut self) -> Doing<'_, Line> {
        Box::pin(async {
            let line = self.lines.recv().await;
            line.ok_or_else(|| LinkError::Fatal("another listens there now".to_owned()))
        })
    }

    fn address(&self) -> String {
        self.address.clone()
    }
}

/// Tells when the lines that there are now have been cut.
struct Cut(watch::Receiver<u64>);

impl Cut {
    async fn happens(&mut self) -> LinkError {
        // Who could cut it is gone with the transport; then the line ends as its other half goes.
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.0.mark_changed();
        LinkError::Passing("the line was cut".to_owned())
    }
}

struct Out {
    sender: mpsc::Sender<Bytes>,
    shared: Arc<Shared>,
    cut: Cut,
}

impl Sender for Out {
    fn send(&mut self, frame: Bytes) -> Doing<'_, ()> {
        Box::pin(async move {
            let number = self.shared.sent.fetch_add(1, Relaxed) + 1;
            let loses = self.shared.loses.load(Relaxed);
            if loses > 0 && number.is_multiple_of(loses) {
                return Ok(());
            }
            tokio::select! {
                biased;
                cut = self.cut.happens() => Err(cut),
                sent = self.sender.send(frame) => match sent {
                    Err(_) if !self.shared.is_quiet.load(Relaxed) => Err(closed()),
                    _ => Ok(()),
                },
            }
        })
    }
}

struct In {
    receiver: mpsc::Receiver<Bytes>,
    shared: Arc<Shared>,
    cut: Cut,
}

impl Receiver for In {
    fn receive(&mut self) -> Doing<'_, Bytes> {
        Box::pin(async move {
            tokio::select! {
                biased;
                cut = self.cut.happens() => Err(cut),
                frame = self.receiver.recv() => match frame {
                    None if self.shared.is_quiet.load(Relaxed) => Err(self.cut.happens().await),
                    frame => frame.ok_or_else(closed),
                },
            }
        })
    }
}

fn closed() -> LinkError {
    LinkError::Passing("the other side has closed the line".to_owned())
}
