//! The undoing of compression, never to more bytes than a limit.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::Coding;

/// How many compressed bytes are undone in one go: they become a quarter of a mebibyte at most.
const PIECE: usize = 256;

/// After so many decoded bytes it is somebody else's turn.
const TURN: usize = 64 * 1024;

/// Undoes the compression of a body that comes in pieces, and stops at a limit, however much more a few
/// bytes would become.
pub(crate) struct Decoder {
    state: State,
    limit: usize,
}

enum State {
    /// Nothing has come yet: some say `deflate` and mean it without the frame that belongs to it.
    Deflate(Vec<u8>),
    Gzip(Box<MultiGzDecoder<Bounded>>),
    Zlib(Box<ZlibDecoder<Bounded>>),
    Raw(Box<DeflateDecoder<Bounded>>),
}

/// Why a body was not decoded.
#[derive(Debug)]
pub(crate) enum Undecoded {
    TooLarge,
    Damaged(io::Error),
}

impl Decoder {
    /// Makes a decoder of at most `limit` bytes.
    pub(crate) fn new(coding: Coding, limit: usize) -> Decoder {
        let state = match coding {
            Coding::Gzip => State::Gzip(Box::new(MultiGzDecoder::new(Bounded::new(limit)))),
            Coding::Deflate => State::Deflate(Vec::new()),
        };
        Decoder { state, limit }
    }

    /// Decodes the next bytes of a body. It lets others have their turn meanwhile.
    ///
    /// # Errors
    /// Too large; damaged.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> Result<(), Undecoded> {
        let mut turn = self.len();
        for piece in bytes.chunks(PIECE) {
            self.write(piece).map_err(|error| self.reason(error))?;
            if self.len() - turn >= TURN {
                turn = self.len();
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Returns the decoded body, if it was whole.
    ///
    /// # Errors
    /// Too large; damaged.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, Undecoded> {
        if let State::Deflate(first) = &mut self.state {
            let first = std::mem::take(first);
            self.begin_deflate(&first)
                .map_err(|error| self.reason(error))?;
        }
        let ended = match &mut self.state {
            State::Deflate(_) => Ok(()),
            State::Gzip(decoder) => decoder.try_finish(),
            State::Zlib(decoder) => decoder.try_finish(),
            State::Raw(decoder) => decoder.try_finish(),
        };
        ended.map_err(|error| self.reason(error))?;
        if self.sink_mut().is_some_and(|sink| sink.is_full) {
            return Err(Undecoded::TooLarge);
        }
        Ok(self
            .sink_mut()
            .map(|sink| std::mem::take(&mut sink.bytes))
            .unwrap_or_default())
    }

    /// Returns what was decoded, whole or not.
    pub(crate) fn start(mut self) -> Vec<u8> {
        // What it holds back is all there is; if that is damaged, it is the end of it.
        let _ = match &mut self.state {
            State::Deflate(_) => Ok(()),
            State::Gzip(decoder) => decoder.flush(),
            State::Zlib(decoder) => decoder.flush(),
            State::Raw(decoder) => decoder.flush(),
        };
        let sink = self.sink_mut().map(|sink| std::mem::take(&mut sink.bytes));
        sink.unwrap_or_default()
    }

    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match &mut self.state {
            State::Deflate(first) => {
                first.extend_from_slice(piece);
                if first.len() < 2 {
                    return Ok(());
                }
                let first = std::mem::take(first);
                self.begin_deflate(&first)
            }
            State::Gzip(decoder) => decoder.write_all(piece),
            State::Zlib(decoder) => whole(decoder, piece),
            State::Raw(decoder) => whole(decoder, piece),
        }
    }

    fn begin_deflate(&mut self, first: &[u8]) -> io::Result<()> {
        let sink = Bounded::new(self.limit);
        self.state = match is_zlib(first) {
            true => State::Zlib(Box::new(ZlibDecoder::new(sink))),
            false => State::Raw(Box::new(DeflateDecoder::new(sink))),
        };
        self.write(first)
    }

    fn sink_mut(&mut self) -> Option<&mut Bounded> {
        match &mut self.state {
            State::Deflate(_) => None,
            State::Gzip(decoder) => Some(decoder.get_mut()),
            State::Zlib(decoder) => Some(decoder.get_mut()),
            State::Raw(decoder) => Some(decoder.get_mut()),
        }
    }

    fn len(&mut self) -> usize {
        self.sink_mut().map_or(0, |sink| sink.bytes.len())
    }

    fn reason(&mut self, error: io::Error) -> Undecoded {
        match self.sink_mut() {
            Some(sink) if sink.is_full => Undecoded::TooLarge,
            _ => Undecoded::Damaged(error),
        }
    }
}

/// Tells whether deflated bytes begin with the two of a zlib frame.
fn is_zlib(bytes: &[u8]) -> bool {
    let [method, flags, ..] = *bytes else {
        return true;
    };
    method & 0x0f == 8 && u16::from_be_bytes([method, flags]) % 31 == 0
}

/// Writes all of a piece; what comes after the end is no part of the body.
fn whole(decoder: &mut impl Write, piece: &[u8]) -> io::Result<()> {
    decoder.write_all(piece).map_err(|error| {
        if error.kind() == io::ErrorKind::WriteZero {
            io::Error::new(io::ErrorKind::InvalidData, "there are bytes behind its end")
        } else {
            error
        }
    })
}

/// Bytes that can be written up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    is_full: bool,
}

impl Bounded {
    fn new(limit: usize) -> Bounded {
        Bounded {
            bytes: Vec::new(),
            limit,
            is_full: false,
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(self.limit - self.bytes.len());
        if length < bytes.len() {
            self.is_full = true;
        }
        if length == 0 && !bytes.is_empty() {
            return Err(io::Error::other("the body is too large"));
        }
        self.bytes.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use compysition_core::testing::Dice;

    use crate::fuzz::{ROUNDS, mutated};

    #[test]
    fn any_bytes_are_decoded_within_the_limit_or_refused() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let body = b"a body that is so so so so so small, and small, and small".repeat(3);
        let seeds = [Coding::Gzip, Coding::Deflate].map(|coding| {
            let made = coding.encode(&body, 4).unwrap();
            (coding, made)
        });
        let mut dice = Dice::new(3);
        let (mut good, mut large, mut bad) = (0, 0, 0);
        for _ in 0..ROUNDS {
            let (coding, made) = &seeds[dice.roll(2)];
            let bytes = mutated(&mut dice, made);
            let limit = body.len() - dice.roll(2);
            let mut decoder = Decoder::new(*coding, limit);
            let pushed = runtime.block_on(decoder.push(&bytes));
            assert!(decoder.len() <= limit);
            match pushed.and_then(|()| decoder.finish()) {
                Ok(decoded) => {
                    assert!(decoded.len() <= limit);
                    good += 1;
                }
                Err(Undecoded::TooLarge) => large += 1,
                Err(Undecoded::Damaged(_)) => bad += 1,
            }
        }
        let counts = format!("{good} good, {large} too large, {bad} damaged");
        assert!(good > 100 && large > 100 && bad > 100, "{counts}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    fn block<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(future)
    }

    /// Decodes what comes in pieces of a size.
    fn decode(coding: Coding, bytes: &[u8], size: usize, limit: usize) -> Result<Vec<u8>, String> {
        let mut decoder = Decoder::new(coding, limit);
        let told = |undecoded| match undecoded {
            Undecoded::TooLarge => "too large".to_owned(),
            Undecoded::Damaged(error) => format!("damaged: {error}"),
        };
        for piece in bytes.chunks(size) {
            block(decoder.push(piece)).map_err(told)?;
        }
        decoder.finish().map_err(told)
    }

    #[test]
    fn undoes_what_was_made() {
        let body: Vec<u8> = (0..20_000u32)
            .flat_map(|n| n.to_string().into_bytes())
            .collect();
        for coding in [Coding::Gzip, Coding::Deflate] {
            let made = coding.encode(&body, 4).unwrap();
            assert!(made.len() < body.len() / 2);
            for size in [1, 7, 5000, usize::MAX] {
                assert_eq!(decode(coding, &made, size, body.len()).unwrap(), body);
            }
            let over = decode(coding, &made, 5000, body.len() - 1).unwrap_err();
            assert_eq!(over, "too large");
        }
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(&body).unwrap();
        let raw = raw.finish().unwrap();
        assert_eq!(
            decode(Coding::Deflate, &raw, 1, body.len()).unwrap(),
            body,
            "without a frame"
        );
    }

    #[test]
    fn what_is_damaged_is_told() {
        for coding in [Coding::Gzip, Coding::Deflate] {
            let made = coding.encode(b"hello hello hello", 4).unwrap();
            for end in 0..made.len() {
                let cut = decode(coding, &made[..end], 3, 100);
                assert!(cut.unwrap_err().starts_with("damaged"), "{coding:?} {end}");
            }
            let longer = [&made[..], b"more"].concat();
            let longer = decode(coding, &longer, 1000, 100).unwrap_err();
            assert!(longer.starts_with("damaged"), "{longer}");
            let mut wrong = made.clone();
            let sum = wrong.len() - 6;
            wrong[sum] ^= 1;
            assert!(decode(coding, &wrong, 1000, 100).is_err(), "{coding:?}");
        }
        let two = [
            Coding::Gzip.encode(b"a", 4).unwrap(),
            Coding::Gzip.encode(b"b", 4).unwrap(),
        ];
        assert_eq!(
            decode(Coding::Gzip, &two.concat(), 1, 2).unwrap(),
            b"ab",
            "gzip may have several members"
        );
    }

    #[test]
    fn a_bomb_goes_off_in_a_box() {
        let zeros = vec![0; 4 << 20];
        for coding in [Coding::Gzip, Coding::Deflate] {
            let bomb = coding.encode(&zeros, 4).unwrap();
            assert!(bomb.len() < 50_000, "{}", bomb.len());
            let mut decoder = Decoder::new(coding, 100_000);
            let pushed = block(decoder.push(&bomb));
            assert!(matches!(pushed, Err(Undecoded::TooLarge)));
            assert_eq!(decoder.len(), 100_000);
            assert_eq!(decoder.start(), vec![0; 100_000]);
        }
    }
}
