//! Tasks of HTTP/2 streams, which end with the flow as all its tasks do.

use compysition_core::Spawner;
use hyper::rt::Executor;

/// Starts tasks for hyper.
#[derive(Clone)]
pub(crate) struct SpawnOn(pub(crate) Spawner);

impl<F> Executor<F> for SpawnOn
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}
