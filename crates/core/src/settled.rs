//! How an actor learns what became of an event that it has sent on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::context::Context;
use crate::receipt::Receipt;
use crate::sync::Mutex;
use crate::{Event, Outcome};

/// What became of an event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settled {
    /// How its root ended; the worst end, if it descends from several.
    pub outcome: Outcome,
    /// What its request was answered with, if it came by one; the first answer, if by several.
    pub answer: Option<Event>,
}

/// Is told how a root ended, and what it was answered with.
pub(crate) type Watcher = Box<dyn FnOnce(&Outcome, Option<&Event>) + Send>;

impl Context {
    /// Calls a function when all that the event descends from has settled, whatever comes first: before its source
    /// hears of it, and before a client is told that there is no answer. (An answer is told at once, and may be long
    /// before that.) An event without a root stands for the one being
    /// consumed; outside of `consume` there is nothing to watch then, and the function is dropped.
    ///
    /// The function is called once, wherever the last copy ends, also when the flow is aborted. It must be quick: it may note
    /// something and wake its actor, with a clone of the context that [`start`](crate::Actor::start) was given, but not wait, nor lock
    /// what is locked anywhere while events are dropped. It keeps nothing from settling, as long as it holds nothing of the event.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// use compysition_core::{Actor, Context, Event, Result};
    ///
    /// /// Counts the events that were delivered.
    /// struct Delivered(Arc<AtomicU64>);
    ///
    /// impl Actor for Delivered {
    ///     async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
    ///         let count = self.0.clone();
    ///         ctx.on_settled(&event, move |settled| {
    ///             count.fetch_add(settled.outcome.is_delivered().into(), Relaxed);
    ///         });
    ///         ctx.send(event)
    ///     }
    /// }
    /// ```
    pub fn on_settled(&self, event: &Event, then: impl FnOnce(Settled) + Send + 'static) {
        match event.receipt().is_some() {
            true => watch(event.receipt(), then),
            false => watch(&self.parent.body().receipt, then),
        }
    }
}

impl Event {
    /// Does something when the roots of this event have settled: for a [`Tap`](crate::Tap), which has no context. It is
    /// called as [`Context::on_settled`] does, and does nothing for an event without a root.
    pub fn when_settled(&self, then: impl FnOnce(Settled) + Send + 'static) {
        if self.receipt().is_some() {
            watch(self.receipt(), then);
        }
    }
}

/// Watches all roots that a receipt answers for.
pub(crate) fn watch(receipt: &Receipt, then: impl FnOnce(Settled) + Send + 'static) {
    let mut roots = Vec::new();
    receipt.each_root(&mut |root| roots.push(root.clone()));
    let waiting = Waiting {
        open: roots.len(),
        settled: Settled {
            outcome: Outcome::Delivered,
            answer: None,
        },
        then: Some(then),
    };
    let waiting = Arc::new(Mutex::new(waiting));
    for root in roots {
        let waiting = waiting.clone();
        root.watch(Box::new(move |outcome, answer| {
            let told = waiting.lock().note(outcome, answer);
            let Some((then, settled)) = told else {
                return;
            };
            // The root settles whatever an actor makes of it.
            if catch_unwind(AssertUnwindSafe(|| then(settled))).is_err() {
                tracing::error!("what an actor wanted done when an event settled has panicked");
            }
        }));
    }
}

/// Who waits for several roots.
struct Waiting<F> {
    open: usize,
    settled: Settled,
    then: Option<F>,
}

impl<F> Waiting<F> {
    /// Notes the end of a root; with the last one returns who is to be told what.
    fn note(&mut self, outcome: &Outcome, answer: Option<&Event>) -> Option<(F, Settled)> {
        if badness(outcome) > badness(&self.settled.outcome) {
            self.settled.outcome = outcome.clone();
        }
        self.settled.answer = self.settled.answer.take().or_else(|| answer.cloned());
        self.open -= 1;
        match self.open {
            0 => Some((self.then.take()?, self.settled.clone())),
            _ => None,
        }
    }
}

fn badness(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Delivered => 0,
        Outcome::Away => 1,
        Outcome::Kept => 2,
        Outcome::Failed(_) => 3,
    }
}
