//! What the guide says of the wire format, and a reader and writer made from it, agree with the program.

use std::io::Write;
use std::process::{Command, Stdio};

use bytes::Bytes;
use compysition_core::{Error, Failure};
use compysition_nodes::wire::{Carried, Ended, Frame, Hello, Record, Records};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{carried, part, told};

/// Runs the reader and writer in Python on lines, and returns its lines.
fn python(arguments: &[&str], lines: &[String]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/wire.py");
    let mut command = Command::new("python3");
    let command = command.arg(script).args(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = lines.join("\n");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let output = String::from_utf8(output.stdout).unwrap();
    output.lines().map(str::to_owned).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Bytes {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len())
        .step_by(2)
        .map(byte)
        .collect::<Vec<_>>()
        .into()
}

#[test]
fn a_reader_and_a_writer_from_the_guide_understand_each_other() {
    let mut runner = TestRunner::deterministic();
    let mut all: Vec<Vec<Carried>> = Vec::new();
    let mut frames = Vec::new();
    for number in 0..200 {
        let some = prop::collection::vec(carried(), 0..5);
        let some = some.new_tree(&mut runner).unwrap().current();
        let mut records = Records::default();
        some.iter()
            .for_each(|carried| records.event(number, carried));
        records.add(&Record::Delivered {
            first: number,
            count: 300,
        });
        let failure = Failure::new(Error::timeout("late"), "a".into());
        records.add(&Record::Ended {
            call: number,
            ended: Ended(failure),
        });
        records.add(&Record::Rests {
            first: 0,
            count: number,
        });
        records.add(&Record::Runs {
            first: number << 30,
            count: 1,
        });
        records.add(&Record::Leaving);
        frames.push(hex(&Frame::batch(number, 1, &records)));
        all.push(some);
    }
    frames.push(hex(&part().write()));
    let read = python(&[], &frames);
    let mut written = python(&["write"], &read);
    assert_eq!(written.pop(), frames.pop());
    assert_eq!(written.len(), all.len());
    for (number, (frame, some)) in written.iter().zip(&all).enumerate() {
        let Frame::Batch {
            number: own,
            records,
            ..
        } = Frame::read(&unhex(frame)).unwrap()
        else {
            panic!("no batch: {frame}");
        };
        assert_eq!(own, number as u64);
        let records = Records::read(&records).unwrap();
        assert_eq!(records.len(), some.len() + 5);
        for (record, carried) in records.iter().zip(some) {
            let Record::Event {
                inlet,
                carried: other,
            } = record
            else {
                panic!("{record:?}");
            };
            assert_eq!(*inlet, number as u64);
            assert_eq!(told(other), told(carried));
        }
    }
    let hello = Hello {
        flow: "shöp".to_owned(),
        fingerprint: u64::MAX - 1,
        process: "front".to_owned(),
        replica: "2".to_owned(),
        epoch: 1 << 40,
        session: 5,
        peer: 3,
        received: 1 << 35,
    };
    let frames = [
        Frame::Hello(hello.clone()),
        Frame::Welcome(hello),
        Frame::Refused("no".to_owned()),
        Frame::Alive {
            sent: 1 << 14,
            received: 2,
            again: true,
        },
        Frame::Bye,
        part(),
    ];
    let lines: Vec<String> = frames.iter().map(|frame| hex(&frame.write())).collect();
    assert_eq!(python(&["write"], &python(&[], &lines)), lines);
}

#[test]
fn the_example_of_the_guide_is_what_it_says() {
    let guide = include_str!("../../../../docs/guide/wire_format.md");
    let example = guide.split_once("## An example").unwrap().1;
    let block = example.split("```").nth(1).unwrap();
    let digits = block.lines().flat_map(|line| {
        let columns = line.split("  ").next().unwrap_or_default();
        columns
            .chars()
            .filter(char::is_ascii_hexdigit)
            .collect::<Vec<_>>()
    });
    let frame = unhex(&digits.collect::<String>());
    let Frame::Batch {
        number: 0,
        received: 0,
        records,
    } = Frame::read(&frame).unwrap()
    else {
        panic!("no batch");
    };
    let records = Records::read(&records).unwrap();
    let [Record::Event { inlet: 3, carried }] = &records[..] else {
        panic!("{records:?}");
    };
    assert_eq!(carried.event.text().unwrap(), "hi");
    assert_eq!(carried.event.payload().kind(), "text");
    assert_eq!(*carried.event.attribute("n").unwrap(), 1);
    assert_eq!(carried.deadline, Some(1000));
    assert!(carried.is_asked);
    assert_eq!(carried.root, carried.event.id());
    let mut again = Records::default();
    again.event(3, carried);
    assert_eq!(hex(&Frame::batch(0, 0, &again)), hex(&frame));
}
