//! How an actor learns that its work is for nobody any more.

use std::future::Future;
use std::sync::Arc;

use crate::context::Context;
use crate::root::Root;

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
        let mut roots: Vec<Arc<Root>> = Vec::new();
        self.parent
            .body()
            .receipt
            .each_root(&mut |root| roots.push(root.clone()));
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
}
