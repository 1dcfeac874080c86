//! Whatever a program writes: no panic, no growth, and no answer that is none.

use std::process::Stdio;
use std::time::{Duration, Instant};

use compysition_core::testing::Dice;
use compysition_core::{Error, Event};
use tokio::io::BufReader;
use tokio::process::Command;
use tokio::runtime::{Builder, Runtime};

use crate::envelope::{self, NoEvent};
use crate::frame::{Broken, Frame};

const ROUNDS: usize = 100_000;
const MOST: usize = 1000;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Writes frames of random length and content, a few of them too large for the reader.
const POURS: &str = r#"
import random, sys
random.seed(7)
noise = random.randbytes(5000)
out = sys.stdout.buffer
for number in range(100000):
    at = random.randrange(4000)
    size = random.choice([0, 1, 10, 100, 900])
    frame = noise[at:at + size]
    if sys.argv[1] == "line":
        out.write(frame.replace(b"\n", b" ") + b"\n")
    else:
        out.write(len(frame).to_bytes(4, "big") + frame)
"#;

#[test]
fn a_hundred_thousand_random_frames_of_a_child_are_read() {
    let begin = Instant::now();
    for (name, frame) in [("line", Frame::Line), ("length", Frame::Length)] {
        runtime().block_on(async {
            let mut child = Command::new("python3")
                .args(["-c", POURS, name])
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let mut stdout = BufReader::new(child.stdout.take().unwrap());
            for _ in 0..ROUNDS {
                let read = frame.read(&mut stdout, MOST).await.unwrap();
                assert!(
                    read.len() <= 900 && read.capacity() <= 4096,
                    "{}",
                    read.capacity()
                );
            }
            let end = frame.read(&mut stdout, MOST).await;
            assert!(matches!(end, Err(Broken::Ended)), "{end:?}");
            assert!(child.wait().await.unwrap().success());
        });
    }
    assert!(begin.elapsed() < Duration::from_secs(60));
}

#[test]
fn any_bytes_are_frames_or_are_refused() {
    let runtime = runtime();
    let mut dice = Dice::new(11);
    let (mut good, mut too_large, mut ended) = (0, 0, 0);
    for round in 0..ROUNDS {
        let size = dice.roll(64);
        let bytes: Vec<u8> = (0..size)
            .map(|_| match dice.roll(3) {
                0 => 0,
                1 => b'\n',
                _ => dice.roll(256) as u8,
            })
            .collect();
        let frame = [Frame::Line, Frame::Length][round % 2];
        let mut stream = bytes.as_slice();
        let mut read = 0;
        loop {
            match runtime.block_on(frame.read(&mut stream, 20)) {
                Ok(frame) => {
                    assert!(frame.len() <= 20);
                    read += frame.len() + 1;
                    good += 1;
                }
                Err(Broken::TooLarge) => {
                    too_large += 1;
                    break;
                }
                Err(Broken::Ended) => {
                    ended += 1;
                    break;
                }
                Err(Broken::Io(error)) => panic!("{error}"),
            }
        }
        assert!(read <= bytes.len());
    }
    assert!(good > 1000 && too_large > 1000 && ended > 1000);
}

#[test]
fn any_text_is_an_answer_or_is_refused() {
    let words = [
        "{",
        "}",
        "\"payload\":",
        "\"attributes\":",
        "\"error\":",
        "\"id\":",
        "null",
        "\"x\"",
        "[",
        "]",
        ",",
        "{\"kind\":\"timeout\",\"message\":\"m\"}",
        "1e999",
        "\"payload_base64\":",
        "\"/w==\"",
        "\\",
        "\u{fffd}",
    ];
    let mut dice = Dice::new(13);
    let (mut good, mut said, mut garbled) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let mut text = String::from("{");
        for _ in 0..dice.roll(6) {
            text.push_str(words[dice.roll(words.len())]);
        }
        text.push('}');
        match envelope::apply(Event::new("x"), text.as_bytes()) {
            Ok(_) => good += 1,
            Err(NoEvent::Said(error)) => {
                let _: Error = error;
                said += 1;
            }
            Err(NoEvent::Garbled(why)) => {
                assert!(why.len() < 500, "{why}");
                garbled += 1;
            }
        }
    }
    assert!(
        good > 1000 && said > 10 && garbled > 1000,
        "{good} {said} {garbled}"
    );
    let deep = "[".repeat(1_000_000);
    let answer = envelope::apply(Event::new("x"), deep.as_bytes());
    assert!(matches!(answer, Err(NoEvent::Garbled(_))));
}
