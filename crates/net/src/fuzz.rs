//! Whatever comes from outside: no panic, no growth, and the same frames however the bytes come.

use compysition_core::testing::Dice;
use serde_json::{Value, json};

use crate::cutter::Cutter;
use crate::framing::Framing;

const ROUNDS: u64 = 100_000;

/// Larger frames are not taken.
const MOST: usize = 40;

/// Puts words and bytes together.
fn pieces(dice: &mut Dice, words: &[&[u8]], most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..dice.roll(most) {
        match dice.roll(4) {
            0 => bytes.push(dice.roll(256) as u8),
            _ => bytes.extend_from_slice(words[dice.roll(words.len())]),
        }
    }
    bytes
}

const WORDS: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b"\r",
    b"||",
    b"|",
    b"aab",
    b"aa",
    b"\0",
    b"\0\0\0\x03",
    b"\x02\0",
    b"\xff",
    b"abc",
    b"0123456789",
    b"3 ",
    b"10 ",
    b"\0\0\0\0\0\0\0\x01",
    b"\x01\0\0\0\0\0\0\0",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
];

fn framings() -> Vec<Framing> {
    let mut all: Vec<Value> = vec![json!("lines"), json!("octet_counting")];
    all.extend(["||", "aab", "\0", "\n"].map(|delimiter| json!({ "delimiter": delimiter })));
    for bytes in [1, 2, 4, 8] {
        all.extend(
            ["big", "little"].map(|order| json!({ "length": { "bytes": bytes, "order": order } })),
        );
    }
    let all = all.into_iter().map(serde_json::from_value);
    all.collect::<Result<_, _>>().unwrap()
}

/// The frames, whether the next one was too large, and what is left.
type Cut = (Vec<Vec<u8>>, bool, Vec<u8>);

fn cut(framing: &Framing, bytes: &[u8], mut piece: impl FnMut() -> usize) -> Cut {
    let mut cutter = Cutter::new(framing, MOST);
    let (mut frames, mut at) = (Vec::new(), 0);
    loop {
        match cutter.next() {
            Ok(Some(frame)) => frames.push(frame.to_vec()),
            Err(_) => return (frames, true, Vec::new()),
            Ok(None) if at == bytes.len() => break,
            Ok(None) => {
                let end = bytes.len().min(at + piece());
                cutter.room().extend_from_slice(&bytes[at..end]);
                at = end;
            }
        }
    }
    (frames, false, cutter.rest().to_vec())
}

#[test]
fn frames_of_anything_are_the_same_however_it_comes() {
    let mut dice = Dice::new(7);
    let framings = framings();
    let (mut whole, mut large) = (0, 0);
    for _ in 0..ROUNDS {
        let framing = &framings[dice.roll(framings.len())];
        let bytes = pieces(&mut dice, WORDS, 24);
        let at_once = cut(framing, &bytes, || usize::MAX / 2);
        let in_pieces = cut(framing, &bytes, || 1 + dice.roll(7));
        assert_eq!(at_once, in_pieces, "{framing:?}: {bytes:?}");
        let (frames, is_too_large, rest) = at_once;
        assert!(frames.iter().all(|frame| frame.len() <= MOST));
        assert!(rest.len() <= bytes.len());
        whole += frames.len();
        large += usize::from(is_too_large);
    }
    assert!(
        whole > 10_000 && large > 1_000,
        "{whole} frames, {large} too large"
    );
}

#[test]
fn what_is_written_as_a_frame_is_read_as_that_one() {
    let mut dice = Dice::new(11);
    let framings = framings();
    let mut good = 0;
    for _ in 0..ROUNDS {
        let framing = &framings[dice.roll(framings.len())];
        let mut contents = Vec::new();
        let mut bytes = Vec::new();
        for _ in 0..3 {
            let content = pieces(&mut dice, WORDS, 4);
            if content.len() <= MOST
                && let Ok(frame) = framing.wrap(&content)
            {
                contents.push(content);
                bytes.extend(frame);
            }
        }
        let (frames, _, rest) = cut(framing, &bytes, || 1 + dice.roll(9));
        // The break of a line that ends with one already is that of the line.
        let content = |bytes: &Vec<u8>| match framing {
            Framing::Lines => bytes.trim_ascii_end().to_vec(),
            _ => bytes.clone(),
        };
        let sent: Vec<_> = contents.iter().map(content).collect();
        let read: Vec<_> = frames.iter().map(content).collect();
        assert_eq!((read, rest.len()), (sent, 0), "{framing:?}: {contents:?}");
        good += contents.len();
    }
    assert!(good > 100_000, "{good}");
}
