//! How an actor learns that its work is for nobody any more.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::AcqRel};

use parking_lot::Mutex;

use crate::Event;
use crate::context::Context;
use crate::receipt::Receipt;
use crate::root::Root;
use crate::sync::Counted;

impl Context {
    /// Waits until nobody waits any more for what the event being consumed would lead to: the client of
    /// its request has gone and is not to be waited for, or its deadline has passed, before there was an
    /// answer. For an event of no request it waits for ever.
    ///
    /// The engine skips what is not yet consumed by then; a `consume` under way is never broken off, so
    /// long work should listen itself. The future is a value of its own: it keeps nothing from settling.
    ///
    /// ```
    /// use compysition_core::{Actor, Context, Error, ErrorKind, Event, Result};
    ///
    /// struct Ask;
    ///
    /// impl Actor for Ask {
    ///     async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
    ///         let answer = tokio::select! {
    ///             answer = ask_somebody() => answer,
    ///             () = ctx.cancelled() => {
    ///                 return Err(Error::new(ErrorKind::Cancelled, "nobody waits for the answer"));
    ///             }
    ///         };
    ///         ctx.send(event.with(answer))
    ///     }
    /// }
    /// # async fn ask_somebody() -> String { String::new() }
    /// ```
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        let roots = self.roots();
        async move {
            if roots.is_empty() {
                return std::future::pending().await;
            }
            // A batch is for somebody as long as one of its roots is.
            for root in roots {
                root.until_void().await;
            }
        }
    }

    fn roots(&self) -> Vec<Counted<Root>> {
        roots_of(&self.parent.body().receipt)
    }
}

impl Event {
    /// Calls a function when [`Context::cancelled`] would have waited long enough for the event: at once if that is so
    /// already, else by whoever gives the request up, unless what is returned was dropped before. The function must be quick and wait
    /// for nothing. It keeps nothing from settling.
    pub fn on_cancelled(&self, tell: impl FnOnce() + Send + 'static) -> Listening {
        let roots = roots_of(self.receipt());
        let left = Arc::new(AtomicUsize::new(roots.len()));
        let tell = Arc::new(Mutex::new(Some(tell)));
        let listen = |root: Counted<Root>| {
            let (left, tell) = (left.clone(), tell.clone());
            let number = root.on_void(Box::new(move || {
                // As above: for somebody as long as one of them is.
                if left.fetch_sub(1, AcqRel) == 1 {
                    let tell = tell.lock().take();
                    tell.into_iter().for_each(|tell| tell());
                }
            }));
            (root, number)
        };
        Listening(roots.into_iter().map(listen).collect())
    }
}

fn roots_of(receipt: &Receipt) -> Vec<Counted<Root>> {
    let mut roots = Vec::new();
    receipt.each_root(&mut |root| roots.push(root.clone()));
    roots
}

/// Has a function called when a request is given up; see [`Event::on_cancelled`].
#[must_use = "nothing is told when it is dropped"]
pub struct Listening(Vec<(Counted<Root>, u64)>);

impl Drop for Listening {
    fn drop(&mut self) {
        for (root, number) in &self.0 {
            root.forget(*number);
        }
    }
}
