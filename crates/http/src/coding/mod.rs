//! Compressed bodies: which codings there are, how they are undone within bounds, and how they are made.

mod accept_encoding;
mod decoder;

pub(crate) use accept_encoding::choose;
pub(crate) use decoder::{Decoder, Undecoded};

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

/// What `Accept-Encoding` says of those who decode with this module.
pub(crate) const ACCEPTED: &str = "gzip, deflate";

/// A way to compress a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
}

impl Coding {
    /// Returns the coding of this name in a header.
    pub(crate) fn of(name: &str) -> Option<Coding> {
        let name = name.trim_ascii();
        let is = |own: &str| name.eq_ignore_ascii_case(own);
        if is("gzip") || is("x-gzip") {
            Some(Coding::Gzip)
        } else if is("deflate") {
            Some(Coding::Deflate)
        } else {
            None
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
        }
    }

    /// Compresses a body.
    ///
    /// # Errors
    /// None in practice: memory does not refuse to be written to.
    pub(crate) fn encode(self, body: &[u8], level: u32) -> io::Result<Vec<u8>> {
        let level = Compression::new(level);
        let made = Vec::with_capacity(body.len() / 4);
        match self {
            Coding::Gzip => {
                let mut encoder = GzEncoder::new(made, level);
                encoder.write_all(body)?;
                encoder.finish()
            }
            Coding::Deflate => {
                let mut encoder = ZlibEncoder::new(made, level);
                encoder.write_all(body)?;
                encoder.finish()
            }
        }
    }
}
