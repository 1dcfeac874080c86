//! How a process tells its flows to stop.

use std::future::pending;

use crate::flow::{Flow, Stopped};
use crate::{Error, Result};

/// Runs flows until their sources have ended or the process gets SIGINT or SIGTERM, and stops them. A
/// second signal ends them at once.
///
/// # Errors
/// Internal, if a flow could not stop cleanly: the message names the actors.
pub async fn run_until_stopped(flows: &[Flow]) -> Result {
    tokio::select! {
        () = all_block(flows) => {}
        () = signal() => tracing::info!("stopping; a second signal ends at once"),
    }
    tokio::select! {
        stopped = stop_all(flows) => stopped,
        () = signal() => {
            for flow in flows {
                flow.abort().await;
            }
            Err(Error::internal("ended by a second signal"))
        }
    }
}

async fn all_block(flows: &[Flow]) {
    for flow in flows {
        flow.block().await;
    }
}

/// Stops all flows side by side, since one may have to wait for another's answers.
async fn stop_all(flows: &[Flow]) -> Result {
    let mut stopping: Vec<_> = flows.iter().map(|flow| Box::pin(flow.stop())).collect();
    let mut unclean = Vec::new();
    while !stopping.is_empty() {
        let (index, stopped) = first_ready(&mut stopping).await;
        drop(stopping.swap_remove(index));
        unclean.extend(stopped.unfinished);
    }
    if unclean.is_empty() {
        return Ok(());
    }
    let actors = unclean.join(", ");
    Err(Error::internal(format!(
        "not finished at the deadline: {actors}"
    )))
}

async fn first_ready<F>(futures: &mut [std::pin::Pin<Box<F>>]) -> (usize, Stopped)
where
    F: Future<Output = Stopped>,
{
    std::future::poll_fn(|cx| {
        for (index, future) in futures.iter_mut().enumerate() {
            if let std::task::Poll::Ready(stopped) = future.as_mut().poll(cx) {
                return std::task::Poll::Ready((index, stopped));
            }
        }
        std::task::Poll::Pending
    })
    .await
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| tracing::error!("no signals: {error}"));
    match (
        listen(SignalKind::interrupt()),
        listen(SignalKind::terminate()),
    ) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        _ => pending().await,
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        pending().await
    }
}
