//! What hostile peers say.

use crate::wire::{greeting, ready};

/// Numbers that look like random ones, the same in each run (xorshift).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn one_of<'a>(&mut self, all: &'a [Vec<u8>]) -> &'a [u8] {
        &all[self.roll(all.len())]
    }
}

/// All that one connection says, and how many things that are.
pub(crate) struct Speech {
    pub(crate) bytes: Vec<u8>,
    pub(crate) things: usize,
    pub(crate) has_messages: bool,
}

/// What is said to ports of a kind: by peers of the right kind, with frames that mean something there.
pub(crate) struct Words {
    pub(crate) hello: Vec<u8>,
    /// Pieces of the protocol: right ones, and some that are wrong in a clever way.
    pieces: Vec<Vec<u8>>,
    /// What frames may have in them, beside anything.
    bodies: Vec<Vec<u8>>,
    /// Whether the port takes no message of theirs.
    pub(crate) are_strangers: bool,
}

impl Words {
    pub(crate) fn new(peer: &str, bodies: Vec<Vec<u8>>) -> Words {
        let long = |flags: u8, length: u64| [&[flags][..], &length.to_be_bytes()].concat();
        let hello = [greeting(3, "NULL"), ready(peer)].concat();
        let pieces = vec![
            hello.clone(),
            greeting(3, "NULL"),
            greeting(3, "CURVE"),
            greeting(3, "PLAIN"),
            greeting(2, "NULL"),
            greeting(9, "NULL"),
            ready(peer),
            ready("NONSENSE"),
            b"\x00\x05hello".to_vec(),
            b"\x01\x00\x01\x00\x01\x00\x01\x00".to_vec(),
            b"\x04\x05\x04PING".to_vec(),
            b"\x04\x07\x05ERROR\xff".to_vec(),
            [&b"\x04\xc8\x05HELLO"[..], &[7; 194]].concat(),
            long(2, u64::MAX),
            long(2, 1 << 62),
            long(6, 1 << 40),
            long(3, 1 << 19),
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            vec![0xff; 64],
            vec![0; 300],
        ];
        Words {
            hello,
            pieces,
            bodies,
            are_strangers: false,
        }
    }

    /// Says nothing but pieces of the protocol.
    pub(crate) fn of_strangers(self) -> Words {
        Words {
            hello: greeting(3, "CURVE"),
            are_strangers: true,
            ..self
        }
    }

    /// Says pieces of the protocol, or many messages after a right greeting; then some bytes may be changed, or missing.
    pub(crate) fn speech(&self, dice: &mut Dice) -> Speech {
        let has_messages = !self.are_strangers && dice.roll(5) > 0;
        let mut speech = Speech {
            bytes: Vec::new(),
            things: 1,
            has_messages,
        };
        if has_messages {
            speech.bytes.extend_from_slice(&self.hello);
            for _ in 0..30 + dice.roll(60) {
                self.message(dice, &mut speech.bytes);
                speech.things += 1;
            }
        }
        let ending = speech.bytes.len();
        for _ in 0..=dice.roll(4) {
            speech.bytes.extend_from_slice(dice.one_of(&self.pieces));
        }
        // Mostly at the end, so that what is before it is heard.
        if dice.roll(2) == 0 {
            let from = if dice.roll(8) == 0 { 0 } else { ending };
            let at = from + dice.roll(speech.bytes.len() - from);
            speech.bytes[at] = dice.roll(256) as u8;
        }
        if dice.roll(4) == 0 {
            let left = dice.roll(speech.bytes.len() - ending);
            speech.bytes.truncate(ending + left);
        }
        speech
    }

    /// Says a message that the protocol allows, whatever is in it, or a command.
    fn message(&self, dice: &mut Dice, out: &mut Vec<u8>) {
        if dice.roll(12) == 0 {
            let name = ["PING", "PONG", "SUBSCRIBE", "CANCEL", "JOIN", "NONSENSE"][dice.roll(6)];
            let mut body = vec![name.len() as u8];
            body.extend_from_slice(name.as_bytes());
            body.extend((0..dice.roll(30)).map(|_| dice.roll(256) as u8));
            return frame(4, &body, out);
        }
        let frames = if dice.roll(100) == 0 {
            300
        } else {
            1 + dice.roll(5)
        };
        for number in 1..=frames {
            let more = u8::from(number < frames);
            let mut body = Vec::new();
            if dice.roll(3) > 0 {
                body.extend_from_slice(dice.one_of(&self.bodies));
            }
            match dice.roll(5) {
                0 => body.extend((0..dice.roll(40)).map(|_| dice.roll(256) as u8)),
                1 if !body.is_empty() => {
                    let at = dice.roll(body.len());
                    body[at] = dice.roll(256) as u8;
                }
                2 => body.truncate(dice.roll(body.len() + 1)),
                _ => {}
            }
            frame(more, &body, out);
        }
    }
}

fn frame(flags: u8, body: &[u8], out: &mut Vec<u8>) {
    match u8::try_from(body.len()) {
        Ok(length) => out.extend_from_slice(&[flags, length]),
        Err(_) => {
            out.push(flags | 2);
            out.extend_from_slice(&(body.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(body);
}

/// What programs send as JSON and as anything.
pub(crate) fn texts() -> Vec<Vec<u8>> {
    vec![
        Vec::new(),
        b"hi".to_vec(),
        br#"{"a": [1, null, "\ud800"]}"#.to_vec(),
        br#"{"a": 1e999}"#.to_vec(),
        b"\xff\xfe\x00".to_vec(),
        vec![b'['; 300],
        b"orders.eu".to_vec(),
        vec![b'x'; 400],
    ]
}

/// What is said to a broker.
pub(crate) fn majordomo() -> Vec<Vec<u8>> {
    let words: [&[u8]; 12] = [
        b"",
        b"MDPC01",
        b"MDPC02",
        b"MDPW01",
        b"MDPW02",
        b"\x01",
        b"\x02",
        b"\x03",
        b"\x04",
        b"\x05",
        b"echo",
        b"mmi.service",
    ];
    words.map(<[u8]>::to_vec).to_vec()
}
