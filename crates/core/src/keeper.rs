//! Keeps the receipt of an event that a plain function drops.
//!
//! A function for [`map`](crate::map) may drop the event it was given and return a new one, which is then
//! a child of the first: its root must not settle meanwhile. To keep a second receipt for each event in
//! case of that would cost more than the whole rest of the step; so the engine looks out for the drop.

use std::cell::{Cell, RefCell};

use crate::receipt::Receipt;

thread_local! {
    static WANTED: Cell<usize> = const { Cell::new(0) };
    static KEPT: RefCell<Option<Receipt>> = const { RefCell::new(None) };
}

/// From now on, keeps a receipt with this address when it is dropped on this thread.
pub(crate) fn want(address: usize) {
    WANTED.set(address);
}

/// Returns whether a receipt that is being dropped should be kept.
pub(crate) fn wants(address: usize) -> bool {
    // A thread that is ending wants nothing any more.
    WANTED
        .try_with(|wanted| wanted.get() == address)
        .unwrap_or(false)
}

/// Keeps a receipt; one of each event is enough.
pub(crate) fn keep(receipt: Receipt) {
    WANTED.set(0);
    KEPT.set(Some(receipt));
}

/// Keeps no more, and returns the receipt that was kept, if one was.
pub(crate) fn unwant() -> Option<Receipt> {
    if WANTED.replace(0) == 0 {
        KEPT.take()
    } else {
        None
    }
}
