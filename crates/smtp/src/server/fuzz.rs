//! Whatever comes from outside: no panic, no growth, nothing that another server would understand in another way.

use std::time::Duration;

use compysition_core::testing::Dice;
use tokio::io::{empty, join, sink};

use crate::server::command::Command;
use crate::server::letter;
use crate::server::lines::{Lines, Text};

const ROUNDS: u64 = 100_000;

#[test]
fn any_line_is_a_command_or_is_refused_with_a_reason() {
    let words = [
        "MAIL", "RCPT", "FROM:", "TO:", "<", ">", "a@b", " ", "SIZE=", "7", "EHLO", "AUTH",
        "PLAIN", "=", "@", ":", "BODY=", "8BITMIME", "DATA",
    ];
    let mut dice = Dice::new(7);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..ROUNDS {
        let line = dice.text(&words, 8);
        match Command::parse(&line) {
            Ok(Command::Mail(address, _) | Command::Rcpt(address)) => {
                assert!(!address.bytes().any(|byte| byte <= b' ' || byte == b'>'));
                good += 1;
            }
            Ok(_) => good += 1,
            Err(wrong) => {
                assert!(wrong.starts_with('5'), "{wrong}");
                bad += 1;
            }
        }
    }
    assert!(good > 100 && bad > 100, "{good} good, {bad} bad");
}

#[test]
fn any_message_is_read_or_refused() {
    let words = [
        "From: a@b\r\n",
        "Subject: =?utf-8?B?",
        "=?=",
        "\r\n",
        "\r\n\r\n",
        "Content-Type: multipart/mixed; boundary=x\r\n",
        "--x\r\n",
        "--x--\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Type: message/rfc822\r\n",
        "YWJj",
        "=3D",
        ";",
        "\"",
        "Content-Type: text/html; charset=utf-7\r\n",
        "Content-Disposition: attachment; filename*0*=",
        "To: (",
        "<a@b>",
        ",",
        "Date: Tue, ",
    ];
    let mut dice = Dice::new(11);
    let mut good = 0;
    for _ in 0..ROUNDS {
        let text = dice.text(&words, 24);
        if let Ok(read) = letter::parse(&text) {
            // Each header and part is told in a bounded number of words.
            assert!(read.to_string().len() < 600 * 24 + 20 * text.len());
            good += 1;
        }
    }
    assert!(good > 1000, "{good}");
}

#[test]
fn a_message_ends_where_every_server_sees_its_end() {
    let words = [
        "\r\n",
        "\n",
        "\r",
        ".",
        "\r\n.\r\n",
        "\n.\n",
        "\r\n.\n",
        "\n.\r\n",
        "\r.\r",
        "a",
        "MAIL FROM:<a@b>",
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut dice = Dice::new(13);
    let mut good = 0;
    for _ in 0..ROUNDS {
        let sent = dice.text(&words, 12);
        let stream = join(sent.as_slice(), sink());
        let mut lines = Lines::new(stream);
        let patience = Duration::from_secs(60);
        let Ok(Text::Whole(text)) = runtime.block_on(lines.text(1000, patience)) else {
            continue;
        };
        good += 1;
        let is_bare = |at: usize| match text[at] {
            b'\n' => at == 0 || text[at - 1] != b'\r',
            b'\r' => text.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        assert!(!(0..text.len()).any(is_bare), "{sent:?}");
        let end = sent.windows(5).position(|bytes| bytes == b"\r\n.\r\n");
        let end = end.map(|at| at + 2).filter(|_| !sent.starts_with(b".\r\n"));
        let seen = &sent[..end.unwrap_or(0)];
        let unstuffed: Vec<u8> = seen
            .split_inclusive(|byte| *byte == b'\n')
            .flat_map(|line| line.strip_prefix(b".").unwrap_or(line).to_vec())
            .collect();
        assert_eq!(text, unstuffed, "{sent:?}");
    }
    assert!(good > 1000, "{good}");
}

#[test]
fn a_message_of_nothing_but_pieces_is_refused() {
    for piece in ["a:\r\n", "--x\r\n", "--x\r\na:\r\n\r\n"] {
        let text = format!(
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n{}",
            piece.repeat(20_000)
        );
        let text = match piece.starts_with('a') {
            true => piece.repeat(20_000),
            false => text,
        };
        let refused = letter::parse(text.as_bytes()).unwrap_err();
        assert!(refused.message().contains("more than 10000"), "{refused}");
    }
}

#[test]
fn what_is_too_large_is_read_to_its_end_and_not_kept() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let sent = format!("{}.\r\n", "0123456789\r\n".repeat(1000));
    let mut lines = Lines::new(join(sent.as_bytes(), empty()));
    let read = runtime.block_on(lines.text(11_999, Duration::from_secs(60)));
    assert_eq!(read.unwrap(), Text::TooLarge);
    let mut lines = Lines::new(join(sent.as_bytes(), empty()));
    let read = runtime.block_on(lines.text(12_000, Duration::from_secs(60)));
    assert!(matches!(read.unwrap(), Text::Whole(text) if text.len() == 12_000));
}
