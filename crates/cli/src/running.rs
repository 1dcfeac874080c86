//! A flow of the program while it runs.

use std::sync::Arc;

use compysition_core::Flow;
use compysition_nodes::is_lasting;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::counters;

/// A flow, and the task that stops it when its time has come.
pub(crate) struct Running {
    flow: Arc<Flow>,
    /// Notified when the flow is to stop.
    told: Arc<Notify>,
    task: JoinHandle<bool>,
    /// Whether all that was under way got done, once it is known.
    is_done: Option<bool>,
}

impl Running {
    /// Lets a flow stop as soon as it has ended, be it that one of its actors has failed: the others go on.
    pub(crate) fn new(flow: Flow) -> Running {
        let flow = Arc::new(flow);
        let told = Arc::new(Notify::new());
        let task = tokio::spawn(stop_in_time(flow.clone(), told.clone()));
        Running {
            flow,
            told,
            task,
            is_done: None,
        }
    }

    /// Tells the flow to stop.
    pub(crate) fn stop(&self) {
        self.told.notify_one();
    }

    /// Ends the flow at once.
    pub(crate) async fn abort(&self) {
        self.flow.abort().await;
    }

    /// Returns whether the flow was ended by what is so again whenever it is started.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.flow.failure().is_some_and(|error| is_lasting(&error))
    }

    /// Waits until the flow has stopped. Returns whether all that was under way got done. Cancel safe.
    pub(crate) async fn stopped(&mut self) -> bool {
        if let Some(is_done) = self.is_done {
            return is_done;
        }
        // A task that panicked has said so in the log.
        let is_done = (&mut self.task).await.unwrap_or(false);
        *self.is_done.insert(is_done)
    }
}

/// Stops a flow when it has ended, or is told to.
async fn stop_in_time(flow: Arc<Flow>, told: Arc<Notify>) -> bool {
    let until_stopped = async {
        tokio::select! {
            () = flow.block() => {}
            () = told.notified() => {}
        }
        flow.stop().await.is_clean()
    };
    let is_clean = tokio::select! {
        is_clean = until_stopped => is_clean,
        never = counters::tell_who_asks(&flow) => match never {},
    };
    let last = flow.snapshot();
    tracing::info!(
        flow = flow.name(),
        admitted = last.admitted,
        delivered = last.delivered,
        kept = last.kept,
        failed = last.failed,
        "stopped"
    );
    is_clean && flow.failure().is_none()
}
