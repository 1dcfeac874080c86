//! Compressed bodies of requests and answers.

use bytes::Bytes;
use compysition_core::{ByteSize, Context};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::coding::{self, Coding};
use crate::media::{Format, essence};
use crate::server::body::ResponseBody;
use crate::server::vary;

/// Bodies up to this size are compressed at once; larger ones where it holds up nobody.
const AT_ONCE: usize = 16 * 1024;

/// Media types that can be made smaller, beside texts, JSON and XML.
const COMPRESSIBLE: [&str; 8] = [
    "application/javascript",
    "application/wasm",
    "application/x-ndjson",
    "application/yaml",
    "application/vnd.ms-fontobject",
    "font/otf",
    "font/ttf",
    "image/bmp",
];

/// Says which bodies may be compressed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Compression {
    /// Whether the bodies of requests may come as `gzip` or `deflate`; other ones are 415. The body limit
    /// counts what they become.
    requests: bool,
    /// Whether answers are compressed for clients that accept it.
    answers: bool,
    /// Answers smaller than this are sent as they are.
    #[serde(serialize_with = "crate::written::written")]
    min_size: ByteSize,
    /// How much time is spent to make answers small: 1 for little up to 9 for much.
    #[serde(deserialize_with = "level")]
    level: u8,
}

impl Default for Compression {
    fn default() -> Compression {
        Compression {
            requests: true,
            answers: true,
            min_size: ByteSize(1024),
            level: 4,
        }
    }
}

/// Reads a level, so that a mistake in it is found before the start.
fn level<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let level = u8::deserialize(from)?;
    match level {
        1..=9 => Ok(level),
        _ => Err(de::Error::custom(format!(
            "{level} is no level of compression; there are 1 (fast) to 9 (small)"
        ))),
    }
}

impl Compression {
    /// Says whether the bodies of requests may come compressed; by default they may.
    #[must_use]
    pub fn requests(mut self, may: bool) -> Compression {
        self.requests = may;
        self
    }

    /// Says whether answers are compressed; by default they are.
    #[must_use]
    pub fn answers(mut self, are: bool) -> Compression {
        self.answers = are;
        self
    }

    /// Sets the size from which on answers are compressed; 1 KiB by default.
    #[must_use]
    pub fn min_size(mut self, bytes: usize) -> Compression {
        self.min_size = ByteSize(bytes);
        self
    }

    pub(crate) fn takes_requests(&self) -> bool {
        self.requests
    }

    /// Compresses a response, if that is worth while and the client of these headers accepts it.
    pub(crate) async fn encode(
        &self,
        response: &mut Response<ResponseBody>,
        request: &HeaderMap,
        ctx: &Context,
    ) {
        if !self.answers {
            return;
        }
        // What has not changed may have been sent in either way.
        if response.status() == StatusCode::NOT_MODIFIED {
            vary::add(response, header::ACCEPT_ENCODING);
        }
        let Some(body) = self.candidate(response) else {
            return;
        };
        vary::add(response, header::ACCEPT_ENCODING);
        let Some(coding) = coding::choose(request) else {
            return;
        };
        let length = body.len();
        let level = u32::from(self.level);
        let made = match length {
            ..=AT_ONCE => coding.encode(&body, level).ok(),
            _ => {
                let encoded = ctx.blocking(move || coding.encode(&body, level)).await;
                encoded.ok().and_then(Result::ok)
            }
        };
        if let Some(made) = made.filter(|made| made.len() < length) {
            replace(response, coding, made);
        }
    }

    /// Returns the body of a response that may be compressed.
    fn candidate(&self, response: &Response<ResponseBody>) -> Option<Bytes> {
        let headers = response.headers();
        let is_partial = response.status() == StatusCode::PARTIAL_CONTENT;
        let is_encoded = headers.contains_key(header::CONTENT_ENCODING);
        if is_partial || is_encoded || is_to_be_left(headers) || !is_compressible(headers) {
            return None;
        }
        let body = response.body().whole()?;
        (body.len() >= self.min_size.0).then(|| body.clone())
    }
}

fn replace(response: &mut Response<ResponseBody>, coding: Coding, made: Vec<u8>) {
    response.body_mut().replace(made.into());
    let headers = response.headers_mut();
    let name = HeaderValue::from_static(coding.name());
    headers.insert(header::CONTENT_ENCODING, name);
    // Ranges are those of the body as it is.
    headers.remove(header::ACCEPT_RANGES);
    // A strong tag says that every byte is the same.
    let tag = headers.get(header::ETAG).map(HeaderValue::as_bytes);
    let weak = tag
        .filter(|tag| !tag.starts_with(b"W/"))
        .and_then(|tag| HeaderValue::from_bytes(&[b"W/", tag].concat()).ok());
    if let Some(weak) = weak {
        headers.insert(header::ETAG, weak);
    }
}

/// Tells whether the flow says that nobody may change the body.
fn is_to_be_left(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CACHE_CONTROL).iter();
    let mut directives = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    directives.any(|directive| directive.trim().eq_ignore_ascii_case("no-transform"))
}

fn is_compressible(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE);
    let Some(media_type) = media_type.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = essence(media_type);
    let is_listed = COMPRESSIBLE
        .iter()
        .any(|own| own.eq_ignore_ascii_case(essence));
    is_listed || Format::of(media_type) != Format::Bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_everything_becomes_smaller() {
        let is = |media_type: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, media_type.parse().unwrap());
            is_compressible(&headers)
        };
        for media_type in [
            "text/html; charset=utf-8",
            "application/problem+json",
            "image/svg+xml",
            "Application/JavaScript",
            "application/wasm",
        ] {
            assert!(is(media_type), "{media_type}");
        }
        for media_type in ["image/png", "application/zip", "video/mp4", "font/woff2"] {
            assert!(!is(media_type), "{media_type}");
        }
        assert!(!is_compressible(&HeaderMap::new()));
    }
}
