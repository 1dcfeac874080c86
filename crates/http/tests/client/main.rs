//! What `http_client` sends, and what becomes of the answers.

#![allow(clippy::unwrap_used)]

mod back_end;
mod calls;
mod compressed;
mod errors;
mod redirects;
mod settings;
mod tls;

use compysition_core::testing::Harness;
use compysition_core::{Error, Event};
use compysition_http::HttpClient;

fn start(client: HttpClient) -> Harness {
    Harness::of(client).real_time().start()
}

/// Calls once; returns the event with the answer, or the error.
fn call(client: HttpClient, event: impl Into<Event>) -> Result<Event, Error> {
    let mut harness = start(client);
    harness.send(event);
    match harness.errors().pop() {
        Some(failed) => Err(failed.error().unwrap().error.clone()),
        None => Ok(harness.take().pop().unwrap()),
    }
}
