//! Which actor's code the present thread is running.
//!
//! The last copy of a request's event may be dropped anywhere in an actor's code; the answer that the
//! client then gets names that actor. Asking the thread costs nothing per event, carrying a name would.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

thread_local! {
    static CURRENT: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

/// Returns the name of the actor whose code is running, if any.
pub(crate) fn current_actor() -> Option<Arc<str>> {
    // A thread that is ending has no actor any more.
    CURRENT.try_with(|current| current.borrow().clone()).ok()?
}

/// Runs `work` as the code of the actor `name`.
pub(crate) fn as_actor<T>(name: &Arc<str>, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Arc<str>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let before = self.0.take();
            let _ = CURRENT.try_with(|current| current.replace(before));
        }
    }
    let before = CURRENT.with(|current| current.replace(Some(name.clone())));
    let _restore = Restore(before);
    work()
}

/// Runs a future as the code of an actor, each time it is polled and when it is dropped.
pub(crate) struct AsActor<F> {
    name: Arc<str>,
    work: Option<Pin<Box<F>>>,
}

impl<F: Future> AsActor<F> {
    pub(crate) fn new(name: Arc<str>, work: F) -> AsActor<F> {
        AsActor {
            name,
            work: Some(Box::pin(work)),
        }
    }
}

impl<F: Future> Future for AsActor<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        match &mut this.work {
            Some(work) => as_actor(&this.name, || work.as_mut().poll(cx)),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for AsActor<F> {
    fn drop(&mut self) {
        let work = self.work.take();
        as_actor(&self.name, || drop(work));
    }
}
