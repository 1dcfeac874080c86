//! Whatever comes over a connection, the library that reads it neither panics nor keeps more than a message may have: 100,000 inputs without
//! keys and as many with them, in memory. What they do to a port that listens is in `tests/hostile`.

use bytes::Bytes;
use compysition_core::ByteSize;
use compysition_core::testing::Dice;
use omq_tokio::SocketType;
use omq_tokio::proto::{Connection, ConnectionConfig, Role};

use super::crowd::Crowd;
use super::{Curve, KeyPair, SocketLimits, Wire};

const INPUTS: usize = 100_000;

/// How large a message may be.
const LARGEST: usize = 4096;

fn greeting(major: u8, mechanism: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, major, 0];
    bytes.extend_from_slice(mechanism.as_bytes());
    bytes.resize(64, 0);
    bytes
}

fn words() -> Vec<Vec<u8>> {
    let long = |flags: u8, length: u64| [&[flags][..], &length.to_be_bytes()].concat();
    let ready = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER".to_vec();
    vec![
        [greeting(3, "NULL"), ready.clone()].concat(),
        [greeting(3, "NULL"), ready.clone()].concat(),
        greeting(3, "CURVE"),
        greeting(3, "PLAIN"),
        greeting(1, "NULL"),
        greeting(9, "NULL"),
        ready,
        b"\x00\x05hello\x01\x00\x00\x00".to_vec(),
        b"\x04\x07\x04PING\x00\x01".to_vec(),
        [&b"\x04\xc8\x05HELLO"[..], &[7; 194]].concat(),
        [&b"\x04\xff\x08INITIATE"[..], &[7; 246]].concat(),
        long(2, u64::MAX),
        long(6, 1 << 40),
        long(3, 1 << 12),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0xff; 64],
        vec![0; 64],
    ]
}

/// Reads inputs as a port of this kind does; returns how many were fine, and how many ended their connection.
fn read(wire: &Wire, kinds: &[SocketType]) -> (usize, usize) {
    let words = words();
    let mut dice = Dice::new(29);
    let options = wire.options(&Crowd::new(100, true)).unwrap();
    let (mut fine, mut ended) = (0, 0);
    for number in 0..INPUTS {
        let config = ConnectionConfig::new(Role::Server, kinds[number % kinds.len()])
            .max_message_size(LARGEST)
            .mechanism(options.mechanism.clone());
        let mut connection = Connection::new(config);
        let mut bytes = Vec::new();
        for _ in 0..=dice.roll(4) {
            bytes.extend_from_slice(&words[dice.roll(words.len())]);
        }
        if dice.roll(2) == 0 {
            let at = dice.roll(bytes.len());
            bytes[at] = dice.roll(256) as u8;
        }
        bytes.truncate(bytes.len() - dice.roll(bytes.len()) * dice.roll(2));
        let mut is_fine = true;
        let size = 1 + dice.roll(200);
        for piece in bytes.chunks(size) {
            is_fine = connection
                .handle_input(Bytes::copy_from_slice(piece))
                .is_ok();
            while connection.poll_event().is_some() {}
            if !is_fine {
                break;
            }
        }
        fine += usize::from(is_fine);
        ended += usize::from(!is_fine);
    }
    (fine, ended)
}

fn wire(curve: Option<Curve>) -> Wire {
    Wire {
        bind: ["tcp://127.0.0.1:*".to_owned().try_into().unwrap()]
            .into_iter()
            .collect(),
        curve,
        limits: SocketLimits {
            max_message_size: ByteSize(LARGEST),
            ..SocketLimits::default()
        },
        ..Wire::default()
    }
}

#[test]
fn inputs_without_keys_are_read_or_end_their_connection() {
    let kinds = [
        SocketType::Pull,
        SocketType::Router,
        SocketType::Sub,
        SocketType::Pub,
        SocketType::Push,
        SocketType::Dealer,
    ];
    let (fine, ended) = read(&wire(None), &kinds);
    assert!(fine > INPUTS / 20 && ended > INPUTS / 2, "{fine} {ended}");
}

#[test]
fn inputs_with_keys_are_read_or_end_their_connection() {
    let directory = std::env::temp_dir().join(format!("zmq-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let [_, key] = KeyPair::generate().write(&directory, "server").unwrap();
    let curve = Curve::server(key, Vec::new());
    let (fine, ended) = read(&wire(Some(curve)), &[SocketType::Pull, SocketType::Router]);
    assert!(fine > INPUTS / 20 && ended > INPUTS / 2, "{fine} {ended}");
    std::fs::remove_dir_all(directory).unwrap();
}
