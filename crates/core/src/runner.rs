//! The task of an actor.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::time::Instant;

use crate::Result;
use crate::actor::Tick;
use crate::context::Context;
use crate::inbox::Signals;
use crate::stage::Stage;
use crate::station::Station;

/// Takes what waits in the inbox, chunk by chunk, until the flow ends.
pub(crate) async fn run(mut stage: Box<dyn Stage>, station: Arc<Station>) {
    let mut ctx = Context::new(station.clone());
    let mut chunks = VecDeque::new();
    let mut spares = Vec::new();
    loop {
        let signals = next(&station, &mut chunks, &mut spares).await;
        while let Some(mut chunk) = chunks.pop_front() {
            station
                .counters
                .consumed
                .fetch_add(chunk.events.len() as u64, Relaxed);
            ctx.inbox = chunk.inbox;
            ctx.open();
            stage.chunk(&mut chunk, &mut ctx).await;
            ctx.close();
            chunk.events.clear();
            spares.push(chunk.events);
            if !chunks.is_empty() {
                // The next actor's turn, while the events are still in the processor's cache.
                tokio::task::yield_now().await;
            }
        }
        ctx.open();
        if signals.stopping {
            report(&station, stage.tick(Tick::Stopping, &ctx).await);
        }
        if alarm_is_due(&station) {
            report(&station, stage.tick(Tick::Timer, &ctx).await);
        }
        ctx.close();
        if signals.end {
            break;
        }
        // A runner that always finds something must not keep its thread from the others.
        tokio::task::yield_now().await;
    }
    report(&station, stage.stop(&ctx).await);
    ctx.close();
    station.busy.store(false, Relaxed);
}

/// Waits for events, a signal, or the time that the actor asked for.
async fn next(
    station: &Station,
    chunks: &mut VecDeque<crate::inbox::Chunk>,
    spares: &mut Vec<Vec<crate::Event>>,
) -> Signals {
    if station.inbox.is_empty() {
        station.busy.store(false, Relaxed);
        station.rest.notify_waiters();
    }
    let alarm = *station.alarm.lock();
    let signals = match alarm {
        None => station.inbox.take(chunks, spares).await,
        Some(time) => tokio::select! {
            biased;
            signals = station.inbox.take(chunks, spares) => signals,
            () = tokio::time::sleep_until(time) => Signals::default(),
        },
    };
    station.busy.store(true, Relaxed);
    signals
}

/// Clears the alarm if its time has come.
fn alarm_is_due(station: &Station) -> bool {
    let mut alarm = station.alarm.lock();
    alarm.take_if(|time| *time <= Instant::now()).is_some()
}

/// Logs an error of `tick` or `stop`, which concerns no event.
fn report(station: &Station, result: Result) {
    if let Err(error) = result {
        tracing::error!(flow = %station.flow.name, actor = %station.name, "{error}");
    }
}
