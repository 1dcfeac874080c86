//! How a flow starts tasks, so that a simulation can run them in any order.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::task::{Context, Poll};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

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
    /// The same as a flag: it is looked at whenever a task is polled.
    has_ended: Arc<AtomicBool>,
    /// Where the tasks log to, if not to where everybody does.
    log: Option<Dispatch>,
}

impl Spawner {
    pub(crate) fn new(executor: Arc<dyn Executor>) -> Spawner {
        Spawner {
            executor,
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
            has_ended: Arc::default(),
            log: None,
        }
    }

    /// Has all tasks log to this.
    pub(crate) fn logging_to(mut self, log: Dispatch) -> Spawner {
        self.log = Some(log);
        self
    }

    /// Returns where the tasks log to, if not to where everybody does.
    pub(crate) fn log(&self) -> Option<&Dispatch> {
        self.log.as_ref()
    }

    /// Starts a task; it is dropped when the flow has ended.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match &self.log {
            Some(log) => self.start(task.with_subscriber(log.clone())),
            None => self.start(task),
        }
    }

    fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        let task = UntilEnd {
            end: Box::pin(self.end.clone().cancelled_owned()),
            has_ended: self.has_ended.clone(),
            is_listening: false,
            task: Box::pin(task),
        };
        self.executor
            .execute(Box::pin(self.tasks.track_future(task)));
    }

    /// Tells all tasks to end.
    pub(crate) fn cancel(&self) {
        self.has_ended.store(true, Release);
        self.end.cancel();
    }

    /// Ends all tasks, and waits until they are gone.
    pub(crate) async fn end(&self) {
        self.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// A task that ends with its flow. It listens for the end once: a task's waker stays the same, and to ask
/// the token at every poll would have all tasks share a lock.
struct UntilEnd<T> {
    end: Pin<Box<WaitForCancellationFutureOwned>>,
    has_ended: Arc<AtomicBool>,
    is_listening: bool,
    task: Pin<Box<T>>,
}

impl<T: Future<Output = ()>> Future for UntilEnd<T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_listening {
            self.is_listening = true;
            if self.end.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
        }
        if self.has_ended.load(Acquire) {
            return Poll::Ready(());
        }
        self.task.as_mut().poll(cx)
    }
}

/// Hands tasks to the tokio runtime that the flow was started on.
pub(crate) struct TokioExecutor(pub(crate) tokio::runtime::Handle);

impl Executor for TokioExecutor {
    fn execute(&self, task: Task) {
        self.0.spawn(task);
    }
}
