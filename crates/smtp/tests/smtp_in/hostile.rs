//! 100,000 commands that nobody should send: each has a reply or ends its connection, and nothing of it is kept.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use compysition_core::testing::{Dice, within};
use serde_json::json;

use crate::site::Site;

/// So many replies are given in all.
const REPLIES: usize = 100_000;
const CLIENTS: usize = 4;

/// How many commands come on one connection, which ends when too many are wrong.
const TOGETHER: usize = 60;

const LINES: [&str; 14] = [
    "EHLO me",
    "HELO \u{7f}",
    "MAIL FROM:<a@b>",
    "MAIL FROM:<a@b> SIZE=99999999999999999999",
    "RCPT TO:<c@d>",
    "RCPT TO:<c@d",
    "DATA",
    "Subject: x",
    "",
    "..",
    ".",
    "RSET",
    "NOOP",
    "VRFY \u{e9}",
];

/// Sends commands, most of them whole, and returns what was said to them.
fn exchange(address: SocketAddr, dice: &mut Dice) -> Vec<u8> {
    let mut said = b"EHLO me\r\n".to_vec();
    for _ in 0..TOGETHER {
        let mut line = dice.pick(&LINES).as_bytes().to_vec();
        if dice.roll(8) == 0 {
            dice.damage(
                &mut line,
                &["\r", "\n", "\0", "<", ">", ":", " ", "AUTH PLAIN"],
            );
        }
        said.extend(line);
        said.extend_from_slice(b"\r\n");
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    // Who was told to go need not read all of it.
    let _ = stream.write_all(&said);
    let _ = stream.shutdown(Shutdown::Write);
    let mut replies = Vec::new();
    if let Err(error) = stream.read_to_end(&mut replies) {
        let is_end = error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(is_end, "{error}: {}", said.escape_ascii());
    }
    replies
}

/// Attacks until there were enough replies, and returns how many were good, and how many refused something.
fn attack(site: &Site, seed: u64) -> (usize, usize) {
    let mut dice = Dice::new(seed);
    let (mut good, mut refused) = (0, 0);
    while good + refused < REPLIES / CLIENTS {
        let replies = exchange(site.address, &mut dice);
        // Messages that were taken are none of the server's any more.
        drop(site.taken());
        for reply in replies.split_inclusive(|byte| *byte == b'\n') {
            match reply {
                // A reply of several lines counts once.
                [_, _, _, b'-', ..] => {}
                [b'2' | b'3', ..] => good += 1,
                [b'4' | b'5', ..] => refused += 1,
                _ => panic!("{}", reply.escape_ascii()),
            }
        }
    }
    (good, refused)
}

#[test]
fn any_command_has_a_reply_or_ends_its_connection() {
    let site = Site::new(json!({}));
    let (good, refused) = within(Duration::from_secs(60), 48 << 20, || {
        let site = &site;
        std::thread::scope(|scope| {
            let clients: Vec<_> = (1..=CLIENTS as u64)
                .map(|seed| scope.spawn(move || attack(site, 23 * seed)))
                .collect();
            let counts = clients.into_iter().map(|client| client.join().unwrap());
            counts.fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1))
        })
    });
    assert!(
        good > 10_000 && refused > 10_000,
        "{good} good, {refused} refused"
    );
    println!("{good} good, {refused} refused");
    assert!(site.client().ask("NOOP").starts_with("250"));
    site.stop();
}
