//! How a flow starts tasks, so that a simulation can run them in any order.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A boxed task.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs tasks; the default hands them to the tokio runtime.
pub trait Executor: Send + Sync {
    /// Starts a task and returns at once.
    fn execute(&self, task: Task);
}

/// Starts tasks that end with the flow. All tasks of a flow come from here.
#[derive(Clone)]
pub struct Spawner {
    executor: Arc<dyn Executor>,
    tasks: TaskTracker,
    end: CancellationToken,
}

impl Spawner {
    pub(crate) fn new(executor: Arc<dyn Executor>) -> Spawner {
        Spawner {
            executor,
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
        }
    }

    /// Starts a task; it is dropped when the flow has ended.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let end = self.end.clone();
        let task = self.tasks.track_future(async move {
            tokio::select! {
                biased;
                () = end.cancelled() => {}
                () = task => {}
            }
        });
        self.executor.execute(Box::pin(task));
    }

    /// Tells all tasks to end.
    pub(crate) fn cancel(&self) {
        self.end.cancel();
    }

    /// Ends all tasks, and waits until they are gone.
    pub(crate) async fn end(&self) {
        self.end.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Hands tasks to the tokio runtime that the flow was started on.
pub(crate) struct TokioExecutor(pub(crate) tokio::runtime::Handle);

impl Executor for TokioExecutor {
    fn execute(&self, task: Task) {
        self.0.spawn(task);
    }
}
