//! How far a transformation may go.

use std::ffi::{c_int, c_ulong};

use crate::sys::RawLimits;

/// Bounds what one transformation may spend, so that a recursion without end becomes an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep instructions may nest, templates that call templates included. The default is
    /// libxslt's own, so that what runs elsewhere runs here.
    pub depth: u32,
    /// How many instructions may run for any document.
    pub operations: u64,
    /// How many more may run for each byte of the document.
    pub operations_per_byte: u64,
}

/// An XPath evaluation counts each node that it looks at, an instruction counts once.
const PATH_FACTOR: u64 = 20;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            depth: 3_000,
            operations: 10_000_000,
            operations_per_byte: 100,
        }
    }
}

impl Limits {
    pub(crate) fn for_document(&self, bytes: usize) -> RawLimits {
        let more = self.operations_per_byte.saturating_mul(bytes as u64);
        // Zero means without limit to libxslt.
        let operations = self.operations.saturating_add(more).max(1);
        RawLimits {
            depth: c_int::try_from(self.depth).unwrap_or(c_int::MAX),
            operations: c_ulong::try_from(operations).unwrap_or(c_ulong::MAX),
            path_operations: c_ulong::try_from(operations.saturating_mul(PATH_FACTOR))
                .unwrap_or(c_ulong::MAX),
        }
    }
}
