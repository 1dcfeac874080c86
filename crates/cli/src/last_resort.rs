//! The end of a process whose threads are all at work on something that never waits: nobody is left there to hear of a
//! signal, nor of a deadline.

use std::io;
use std::process;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use crate::signals::Signals;

/// How long flows may take to end at once.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Ends the process when it was told to stop and has not done so after the longest time that it may take, or a moment
/// after it was told to end at once. It has a thread of its own, which ends with the process.
///
/// # Errors
/// There is no such thread.
pub(crate) fn stand_by(longest: Duration, parent: Option<u32>) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        // Signals are listened to within a runtime.
        let _within = runtime.enter();
        Signals::listen()?.or_orphaned(parent)
    };
    let stuck = async move {
        signals.next().await;
        if timeout(longest, signals.next()).await.is_ok() {
            sleep(AT_ONCE).await;
        }
        tracing::error!(
            "ended, with work on its threads that did not end: what was under way is lost"
        );
        process::exit(1);
    };
    let wait = move || runtime.block_on(stuck);
    thread::Builder::new()
        .name("last resort".into())
        .spawn(wait)
        .map(drop)
}
