//! The locks and atomics of links, receipts and permits: in a build with `--cfg compysition_loom` those that
//! [loom](https://docs.rs/loom) watches, so that it can try every order of threads.

#[cfg(not(compysition_loom))]
pub(crate) use parking_lot::Mutex;
#[cfg(not(compysition_loom))]
pub(crate) use std::sync::atomic;

#[cfg(compysition_loom)]
pub(crate) use loom::sync::atomic;
#[cfg(compysition_loom)]
pub(crate) use watched::Mutex;

/// An [`Arc`](std::sync::Arc) without weak references: what it counts less is locked memory that every event would pay for.
pub(crate) use triomphe::Arc as Counted;

/// Returns what is counted, if nobody else refers to it.
#[cfg(not(compysition_loom))]
#[inline]
pub(crate) fn alone<T>(counted: &mut Counted<T>) -> Option<&mut T> {
    Counted::get_mut(counted)
}

/// Nobody is alone: loom does not see that the count orders what the others have done.
#[cfg(compysition_loom)]
pub(crate) fn alone<T>(_: &mut Counted<T>) -> Option<&mut T> {
    None
}

/// Stands between two `SeqCst` accesses of a thread whose order others rely on. The language orders them; loom
/// does so only for fences.
#[cfg(not(compysition_loom))]
#[inline]
pub(crate) fn in_total_order() {}

#[cfg(compysition_loom)]
pub(crate) fn in_total_order() {
    atomic::fence(atomic::Ordering::SeqCst);
}

#[cfg(compysition_loom)]
mod watched {
    use std::sync::PoisonError;

    use loom::sync::MutexGuard;

    /// A lock that is used like the other one.
    #[derive(Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Mutex<T> {
            Mutex(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
