//! The identity of an event.

use std::fmt;
use std::str::FromStr;

use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Identifies an event: 128 bits, unique, sortable by the time of its making.
///
/// The layout is that of a version 7 UUID (RFC 9562): 48 bits of milliseconds, then the version, the
/// variant and 74 bits that tell apart what was made in one millisecond. An event that has not yet been
/// admitted to a flow has the id [`Id::NONE`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    // Two words, the greater first: an allocator is quicker with what need not stand at a multiple of 16 bytes.
    high: u64,
    low: u64,
}

const VERSION_AND_VARIANT: u128 = (0x7 << 76) | (0x2 << 62);
const FREE_BITS: u128 = !((0xf << 76) | (0x3 << 62));
const TIME_BITS: u128 = !0 << 80;

impl Id {
    /// The id of an event that no flow has admitted yet.
    pub const NONE: Id = Id { high: 0, low: 0 };

    /// Makes an id from any 128 bits, as a transport that received them does.
    pub const fn from_u128(bits: u128) -> Id {
        Id {
            high: (bits >> 64) as u64,
            low: bits as u64,
        }
    }

    /// Returns the 128 bits.
    pub const fn as_u128(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    /// Returns whether this is [`Id::NONE`].
    pub const fn is_none(self) -> bool {
        self.high == 0 && self.low == 0
    }

    /// Makes the id of a new root from the time in milliseconds and 74 bits that the caller keeps unique.
    pub(crate) fn new_root(millis: u64, unique: u128) -> Id {
        let low = unique & !TIME_BITS & FREE_BITS;
        Id::from_u128((u128::from(millis) << 80) | low | VERSION_AND_VARIANT)
    }

    /// Derives the id of a child: the same parent, actor, outbox and ordinal give the same id, so that
    /// a repeat is recognisable. The time is the parent's.
    pub(crate) fn child(self, actor: &str, outbox: &str, ordinal: u64) -> Id {
        let seed = self.low ^ self.high.rotate_left(32);
        let mut hash = xxh3_128_with_seed(actor.as_bytes(), seed);
        hash ^= xxh3_128_with_seed(outbox.as_bytes(), seed.wrapping_add(1)).rotate_left(1);
        hash = xxh3_128_with_seed(&hash.to_le_bytes(), seed ^ ordinal);
        let time = self.as_u128() & TIME_BITS;
        Id::from_u128(time | (hash & !TIME_BITS & FREE_BITS) | VERSION_AND_VARIANT)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let b = self.as_u128();
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            (b >> 96) as u32,
            (b >> 80) as u16,
            (b >> 64) as u16,
            (b >> 48) as u16,
            b & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Tells that a text is not the 32 hexadecimal digits of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 32 hexadecimal digits, with or without hyphens")
    }
}

impl std::error::Error for ParseIdError {}

impl FromStr for Id {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Id, ParseIdError> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        if digits.len() != 32 {
            return Err(ParseIdError);
        }
        u128::from_str_radix(&digits, 16)
            .map(Id::from_u128)
            .map_err(|_| ParseIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_version_7_uuid_that_reads_back() {
        let id = Id::new_root(1_700_000_000_000, u128::MAX);
        let text = id.to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(&text[14..15], "7");
        assert!("89ab".contains(&text[19..20]));
        assert_eq!(text.parse(), Ok(id));
        assert_eq!("x".parse::<Id>(), Err(ParseIdError));
    }

    #[test]
    fn children_differ_by_each_part_and_repeat() {
        let parent = Id::new_root(7, 1);
        let child = parent.child("split", "out", 0);
        assert_eq!(child, parent.child("split", "out", 0));
        for other in [
            parent.child("split", "out", 1),
            parent.child("split", "other", 0),
            parent.child("join", "out", 0),
            Id::new_root(7, 2).child("split", "out", 0),
        ] {
            assert_ne!(child, other);
        }
        assert_eq!(child.as_u128() >> 80, parent.as_u128() >> 80);
    }
}
