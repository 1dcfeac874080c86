//! What becomes of panics in actors. The engine catches them and sends the event on the error path; here
//! they become lines of the log, since the standard report is for programmers.

use std::any::Any;
use std::panic;

/// Logs panics from now on, instead of printing them.
pub(crate) fn log_instead_of_printing() {
    panic::set_hook(Box::new(|info| {
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(at, "an actor panicked: {}", message(info.payload()));
    }));
}

fn message(payload: &dyn Any) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    text.or(owned).unwrap_or("it gave no reason")
}
