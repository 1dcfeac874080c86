//! Numbers, texts and bytes, one after the other.

use std::fmt;

use compysition_core::Id;

/// Says why bytes are no frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The offset in the frame.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "byte {} of the frame: expected {}",
            self.at, self.expected
        )
    }
}

impl std::error::Error for Malformed {}

/// Writes to the end of a buffer.
pub(crate) trait Put {
    /// Puts a number, seven bits a byte, the lowest first; the highest bit says that more follow (LEB128).
    fn number(&mut self, number: u64);
    /// Puts a length, and as many bytes.
    fn bytes(&mut self, bytes: &[u8]);
    /// Puts the 16 bytes of an id, the highest first.
    fn id(&mut self, id: Id);
}

impl Put for Vec<u8> {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.push(number as u8);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }

    fn id(&mut self, id: Id) {
        self.extend_from_slice(&id.as_u128().to_be_bytes());
    }
}

/// Reads from the front of a frame. Lengths that the frame says are believed only as far as it goes.
pub(crate) struct Take<'a> {
    frame: &'a [u8],
    at: usize,
}

impl<'a> Take<'a> {
    pub(crate) fn new(frame: &'a [u8]) -> Take<'a> {
        Take { frame, at: 0 }
    }

    /// Returns the offset of what comes next.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at == self.frame.len()
    }

    pub(crate) fn wrong<T>(&self, expected: &'static str) -> Result<T, Malformed> {
        Err(Malformed {
            at: self.at,
            expected,
        })
    }

    pub(crate) fn byte(&mut self, expected: &'static str) -> Result<u8, Malformed> {
        let Some(&byte) = self.frame.get(self.at) else {
            return self.wrong(expected);
        };
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn number(&mut self, expected: &'static str) -> Result<u64, Malformed> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(expected)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        self.wrong(expected)
    }

    pub(crate) fn slice(
        &mut self,
        length: usize,
        expected: &'static str,
    ) -> Result<&'a [u8], Malformed> {
        let rest = &self.frame[self.at..];
        let Some(slice) = rest.get(..length) else {
            return self.wrong(expected);
        };
        self.at += length;
        Ok(slice)
    }

    pub(crate) fn bytes(&mut self, expected: &'static str) -> Result<&'a [u8], Malformed> {
        let length = self.number(expected)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.slice(length, expected)
    }

    pub(crate) fn text(&mut self, expected: &'static str) -> Result<&'a str, Malformed> {
        let bytes = self.bytes(expected)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(_) => self.wrong(expected),
        }
    }

    pub(crate) fn id(&mut self, expected: &'static str) -> Result<Id, Malformed> {
        let mut bits = [0; 16];
        bits.copy_from_slice(self.slice(16, expected)?);
        Ok(Id::from_u128(u128::from_be_bytes(bits)))
    }

    pub(crate) fn fixed_u64(&mut self, expected: &'static str) -> Result<u64, Malformed> {
        let mut bits = [0; 8];
        bits.copy_from_slice(self.slice(8, expected)?);
        Ok(u64::from_be_bytes(bits))
    }
}
