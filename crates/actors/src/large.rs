//! Work on payloads that are too large to hold up other actors.

use compysition_core::{Context, Payload, Result};

/// Work on a payload larger than this goes to a thread of its own; on smaller ones it takes about as long as
/// the way there.
const LARGE: usize = 128 << 10;

/// Lets an actor work on a payload, here or, with a copy of its settings, on a thread of its own.
pub(crate) async fn work_on<A, T>(
    payload: &Payload,
    ctx: &Context,
    actor: &A,
    work: fn(&A, &Payload) -> Result<T>,
) -> Result<T>
where
    A: Clone + Send + 'static,
    T: Send + 'static,
{
    if payload.size() <= LARGE {
        return work(actor, payload);
    }
    let (actor, payload) = (actor.clone(), payload.clone());
    ctx.blocking(move || work(&actor, &payload)).await?
}
