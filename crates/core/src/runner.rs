//! The task of an actor.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::actor::Tick;
use crate::context::Context;
use crate::inbox::{CHUNK, Chunk, Signals};
use crate::stage::Stage;
use crate::station::Station;
use crate::{Event, Result};

/// Takes what waits in the inbox, chunk by chunk, until the flow ends.
pub(crate) async fn run(mut stage: Box<dyn Stage>, station: Arc<Station>) {
    let mut ctx = Context::new(station.clone());
    let mut chunks = VecDeque::new();
    let mut spares = Vec::new();
    loop {
        let (signals, waited) = next(&station, &mut chunks, &mut spares).await;
        if !waited {
            // A runner that always finds something must not keep its thread from the others.
            tokio::task::yield_now().await;
        }
        let mut done = 0;
        while let Some(mut chunk) = chunks.pop_front() {
            done += chunk.events.len();
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
            if done >= CHUNK && !chunks.is_empty() {
                done = 0;
                // The next actor's turn, while the events are still in the processor's cache.
                tokio::task::yield_now().await;
            }
        }
        if signals.stopping {
            tick(&mut *stage, Tick::Stopping, &ctx).await;
        }
        if signals.pressure {
            tick(&mut *stage, Tick::Pressure, &ctx).await;
        }
        if station.alarm.take_due() {
            tick(&mut *stage, Tick::Timer, &ctx).await;
        }
        if signals.end {
            break;
        }
    }
    report(&station, stage.stop(&ctx).await);
    ctx.close();
    station.inbox.set_busy(false);
}

/// Waits for events, a signal, or the time that the actor asked for.
async fn next(
    station: &Station,
    chunks: &mut VecDeque<Chunk>,
    spares: &mut Vec<Vec<Event>>,
) -> (Signals, bool) {
    let at_rest = || station.rest.notify_waiters();
    let taken = station.inbox.take(chunks, spares, at_rest);
    match station.alarm.time() {
        None => taken.await,
        Some(time) => tokio::select! {
            biased;
            taken = taken => taken,
            () = tokio::time::sleep_until(time) => {
                station.inbox.set_busy(true);
                (Signals::default(), true)
            }
        },
    }
}

async fn tick(stage: &mut dyn Stage, why: Tick, ctx: &Context) {
    ctx.open();
    report(&ctx.station, stage.tick(why, ctx).await);
    ctx.close();
}

/// Logs an error of `tick` or `stop`, which concerns no event.
fn report(station: &Station, result: Result) {
    if let Err(error) = result {
        tracing::error!(flow = %station.flow.name, actor = %station.name, "{error}");
    }
}
