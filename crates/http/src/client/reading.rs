//! The reading of bodies, up to a limit.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use crate::coding::{Coding, Decoder, Undecoded};

/// Why a body was not read to its end.
pub(crate) enum Unread {
    TooLarge,
    Broken(hyper::Error),
    Damaged(std::io::Error),
}

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn whole(body: Incoming, limit: usize) -> Result<Bytes, Unread> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Unread::TooLarge);
    }
    let (bytes, is_whole) = start(body, limit).await.map_err(Unread::Broken)?;
    if is_whole {
        Ok(bytes)
    } else {
        Err(Unread::TooLarge)
    }
}

/// Reads a whole body that is compressed, and becomes at most `limit` bytes.
pub(crate) async fn decoded(
    mut body: Incoming,
    coding: Coding,
    limit: usize,
) -> Result<Bytes, Unread> {
    let undecoded = |why| match why {
        Undecoded::TooLarge => Unread::TooLarge,
        Undecoded::Damaged(error) => Unread::Damaged(error),
    };
    let mut decoder = Decoder::new(coding, limit);
    let mut is_empty = true;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(Unread::Broken)?.into_data() {
            is_empty &= data.is_empty();
            decoder.push(&data).await.map_err(undecoded)?;
        }
    }
    if is_empty {
        return Ok(Bytes::new());
    }
    decoder.finish().map(Bytes::from).map_err(undecoded)
}

/// Returns what the beginning of a compressed body tells.
pub(crate) async fn decoded_start(body: &[u8], coding: Coding, limit: usize) -> Bytes {
    let mut decoder = Decoder::new(coding, limit);
    // It is only a part, which may end anywhere.
    let _ = decoder.push(body).await;
    decoder.start().into()
}

/// Reads a body up to a limit; tells whether that was all of it.
pub(crate) async fn start(mut body: Incoming, limit: usize) -> Result<(Bytes, bool), hyper::Error> {
    // Most bodies come in one piece, which needs no copy.
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        let room = limit.saturating_sub(first.len() + rest.len());
        let is_over = data.len() > room;
        let data = data.slice(..data.len().min(room));
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
        if is_over {
            return Ok((joined(first, rest), false));
        }
    }
    Ok((joined(first, rest), true))
}

fn joined(first: Bytes, rest: BytesMut) -> Bytes {
    if rest.is_empty() {
        return first;
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    whole.freeze()
}
