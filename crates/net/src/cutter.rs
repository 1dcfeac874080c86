//! Frames out of bytes.

use memchr::{memchr, memmem};

use crate::framing::{Delimiter, Framing};

/// How much is made room for at once.
const CHUNK: usize = 16 << 10;

/// Tells why no frame can be found any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uncut {
    /// A frame is larger than allowed.
    TooLarge,
    /// There is no number that tells how long a frame is.
    NoNumber,
}

/// Finds frames in bytes that come a chunk at a time, and keeps no more than one frame and a chunk.
pub(crate) struct Cutter {
    framing: Framing,
    max_frame: usize,
    buffer: Vec<u8>,
    /// Where in the buffer that begins which was not yet taken.
    start: usize,
    /// How much of that was looked through without finding an end.
    seen: usize,
}

impl Cutter {
    pub(crate) fn new(framing: &Framing, max_frame: usize) -> Cutter {
        Cutter {
            framing: framing.clone(),
            max_frame,
            buffer: Vec::new(),
            start: 0,
            seen: 0,
        }
    }

    /// Returns where the next bytes are to be put, behind what is there; there is room for some.
    pub(crate) fn room(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.start);
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > 2 * CHUNK {
            // A large frame was the exception.
            self.buffer = Vec::new();
        }
        self.buffer.reserve(CHUNK);
        &mut self.buffer
    }

    /// Returns the next frame without what it is framed by, or nothing if it is not all there.
    ///
    /// # Errors
    /// If it is larger than allowed, or begins with no length; nothing that follows can be told then.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Uncut> {
        let bytes = &self.buffer[self.start..];
        let found = match &self.framing {
            Framing::None => return Ok(None),
            Framing::Lines => line(bytes, self.seen, self.max_frame)?,
            Framing::Delimiter(Delimiter(delimiter)) => {
                delimited(bytes, self.seen, delimiter, self.max_frame)?
            }
            Framing::OctetCounting => counted(bytes, self.max_frame)?,
            Framing::Length(prefix) => match bytes.split_at_checked(prefix.bytes) {
                None => None,
                Some((head, rest)) => {
                    let length = prefix.read(head);
                    if length > self.max_frame {
                        return Err(Uncut::TooLarge);
                    }
                    let end = prefix.bytes.saturating_add(length);
                    (rest.len() >= length).then_some((prefix.bytes, end, end))
                }
            },
        };
        let Some((begin, end, used)) = found else {
            self.seen = bytes.len();
            return Ok(None);
        };
        self.seen = 0;
        let start = self.start;
        self.start += used;
        Ok(Some(&self.buffer[start + begin..start + end]))
    }

    /// Returns what belongs to no frame yet.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

/// Where a frame begins and ends, and where what follows begins.
type Found = Option<(usize, usize, usize)>;

fn line(bytes: &[u8], seen: usize, max: usize) -> Result<Found, Uncut> {
    let Some(at) = memchr(b'\n', &bytes[seen..]).map(|at| seen + at) else {
        // The end may be CR LF.
        let is_open = bytes.len() <= max || (bytes.len() == max + 1 && bytes[max] == b'\r');
        return if is_open {
            Ok(None)
        } else {
            Err(Uncut::TooLarge)
        };
    };
    let end = at - usize::from(bytes[..at].ends_with(b"\r"));
    match end > max {
        true => Err(Uncut::TooLarge),
        false => Ok(Some((0, end, at + 1))),
    }
}

fn delimited(bytes: &[u8], seen: usize, delimiter: &[u8], max: usize) -> Result<Found, Uncut> {
    // It may have begun at the end of what was looked through.
    let from = seen.saturating_sub(delimiter.len() - 1);
    match memmem::find(&bytes[from..], delimiter).map(|at| from + at) {
        Some(at) if at > max => Err(Uncut::TooLarge),
        Some(at) => Ok(Some((0, at, at + delimiter.len()))),
        None if bytes.len() >= max.saturating_add(delimiter.len()) => Err(Uncut::TooLarge),
        None => Ok(None),
    }
}

/// Finds a frame that begins with its length in digits, and a space (RFC 6587 §3.4.1).
fn counted(bytes: &[u8], max: usize) -> Result<Found, Uncut> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.clone().try_fold(0, |length: usize, digit| {
        let length = length
            .checked_mul(10)?
            .checked_add(usize::from(digit - b'0'))?;
        (length <= max).then_some(length)
    });
    let digits = digits.count();
    let begin = digits + 1;
    match (bytes.get(digits), length) {
        _ if bytes.starts_with(b"0") => Err(Uncut::NoNumber),
        (Some(b' '), _) if digits == 0 => Err(Uncut::NoNumber),
        (Some(b' ') | None, None) => Err(Uncut::TooLarge),
        (None, Some(_)) => Ok(None),
        (Some(b' '), Some(length)) => {
            let end = begin.saturating_add(length);
            Ok((bytes.len() >= end).then_some((begin, end, end)))
        }
        (Some(_), _) => Err(Uncut::NoNumber),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Feeds bytes in pieces of a size. Returns the frames, whether one was too large, and what is left.
    fn cut(
        framing: &Value,
        max: usize,
        bytes: &[u8],
        piece: usize,
    ) -> (Vec<Vec<u8>>, bool, Vec<u8>) {
        let framing = serde_json::from_value(framing.clone()).unwrap();
        let mut cutter = Cutter::new(&framing, max);
        let mut frames = Vec::new();
        for piece in bytes.chunks(piece) {
            cutter.room().extend_from_slice(piece);
            loop {
                match cutter.next() {
                    Ok(Some(frame)) => frames.push(frame.to_vec()),
                    Ok(None) => break,
                    Err(_) => return (frames, true, Vec::new()),
                }
            }
        }
        (frames, false, cutter.rest().to_vec())
    }

    #[test]
    fn frames_do_not_depend_on_how_bytes_come() {
        for (framing, bytes, expected, rest) in [
            (
                json!("lines"),
                &b"a\r\n\nbc\nd"[..],
                vec!["a", "", "bc"],
                "d",
            ),
            (
                json!({ "delimiter": "||" }),
                b"a|||b||",
                vec!["a", "|b"],
                "",
            ),
            (json!({ "delimiter": [0] }), b"\0a\0", vec!["", "a"], ""),
            (
                json!({ "length": 1 }),
                b"\0\x02ab\x01c\x05d",
                vec!["", "ab", "c"],
                "\x05d",
            ),
            (
                json!({ "length": 4 }),
                b"\0\0\0\x01a\0\0",
                vec!["a"],
                "\0\0",
            ),
        ] {
            for piece in 1..=bytes.len() {
                let (frames, is_too_large, left) = cut(&framing, 100, bytes, piece);
                assert_eq!(
                    frames,
                    expected.iter().map(|e| e.as_bytes()).collect::<Vec<_>>()
                );
                assert!(!is_too_large);
                assert_eq!(left, rest.as_bytes(), "{framing}, {piece}");
            }
        }
    }

    #[test]
    fn the_largest_frame_fits_and_one_byte_more_does_not() {
        for (framing, fits, exceeds) in [
            (json!("lines"), &b"abc\n"[..], &b"abcd\n"[..]),
            (json!("lines"), b"abc\r\n", b"abcd\r\n"),
            (json!({ "delimiter": "||" }), b"abc||", b"abcd||"),
            (json!({ "length": 2 }), b"\0\x03abc", b"\0\x04abcd"),
            (
                json!({ "length": 8 }),
                b"\0\0\0\0\0\0\0\x03abc",
                b"\xff\0\0\0\0\0\0\x03abc",
            ),
        ] {
            for piece in 1..=exceeds.len() {
                let (frames, is_too_large, _) = cut(&framing, 3, fits, piece);
                assert_eq!(
                    (frames, is_too_large),
                    (vec![b"abc".to_vec()], false),
                    "{framing}"
                );
                let (frames, is_too_large, _) = cut(&framing, 3, exceeds, piece);
                assert_eq!(
                    (frames.len(), is_too_large),
                    (0, true),
                    "{framing}, {piece}"
                );
            }
        }
    }

    #[test]
    fn a_length_beyond_all_memory_is_waited_for_without_end_if_it_is_allowed() {
        let long = [&[0xff; 8][..], b"abc"].concat();
        let (frames, is_too_large, left) = cut(&json!({ "length": 8 }), usize::MAX, &long, 3);
        assert_eq!((frames.len(), is_too_large), (0, false));
        assert_eq!(left, long);
        let long = format!("{} abc", usize::MAX);
        let framing = json!("octet_counting");
        let (frames, is_too_large, left) = cut(&framing, usize::MAX, long.as_bytes(), 3);
        assert_eq!((frames.len(), is_too_large), (0, false));
        assert_eq!(left, long.as_bytes());
    }

    #[test]
    fn the_room_of_a_large_frame_is_given_back() {
        let mut cutter = Cutter::new(&Framing::Lines, 1 << 20);
        for length in [1 << 20, 3, 100_000, 3] {
            cutter.room().extend_from_slice(&vec![b'a'; length]);
            cutter.room().push(b'\n');
            assert_eq!(cutter.next().unwrap().unwrap().len(), length);
            assert!(cutter.room().capacity() <= 2 * CHUNK);
        }
    }

    #[test]
    fn what_does_not_end_is_given_up_and_not_kept() {
        for framing in [json!("lines"), json!({ "delimiter": "ab" })] {
            let framing = serde_json::from_value(framing).unwrap();
            let mut cutter = Cutter::new(&framing, 1000);
            let mut pieces = 0;
            while cutter.next() == Ok(None) {
                cutter.room().extend_from_slice(&[b'a'; 100]);
                pieces += 1;
            }
            assert_eq!(pieces, 11);
        }
    }

    #[test]
    fn octets_are_counted_by_digits_before_a_space() {
        let framing = json!("octet_counting");
        for (bytes, frames, is_refused, left) in [
            (
                "3 abc11 <14>a b\nc d",
                vec!["abc", "<14>a b\nc d"],
                false,
                "",
            ),
            ("3 abc3 d", vec!["abc"], false, "3 d"),
            ("3 abc1", vec!["abc"], false, "1"),
            ("40 x", vec![], false, "40 x"),
            ("41 x", vec![], true, ""),
            ("99999999999999999999999", vec![], true, ""),
            ("03 abc", vec![], true, ""),
            (" abc", vec![], true, ""),
            ("1 a<14>b", vec!["a"], true, ""),
            ("1x a", vec![], true, ""),
        ] {
            for piece in [1, 3, 100] {
                let (found, is_over, rest) = cut(&framing, 40, bytes.as_bytes(), piece);
                let found: Vec<_> = found
                    .iter()
                    .map(|frame| String::from_utf8_lossy(frame))
                    .collect();
                assert_eq!(
                    (found, is_over),
                    (
                        frames.iter().map(|&frame| frame.into()).collect(),
                        is_refused
                    ),
                    "{bytes}"
                );
                assert_eq!(rest, left.as_bytes(), "{bytes}");
            }
        }
    }
}
