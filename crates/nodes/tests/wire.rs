//! What goes over the lines can be read again, and anything else is refused with its place.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use bytes::Bytes;
use compysition_core::{Error, ErrorKind, Event, Failure, Id, Json, Payload, Xml};
use compysition_nodes::wire::{Carried, Ended, Frame, Hello, Origin, Record, Records};
use proptest::prelude::*;

fn payload() -> impl Strategy<Value = Payload> {
    prop_oneof![
        Just(Payload::Empty),
        any::<String>().prop_map(Payload::from),
        any::<Vec<u8>>().prop_map(Payload::from),
        any::<String>().prop_map(|text| Payload::Json(Json::from_text(text))),
        any::<String>().prop_map(|text| Payload::Xml(Xml::from_text(text))),
    ]
}

prop_compose! {
    fn carried()(
        id in any::<u128>(),
        root in prop::option::of(0u128..3),
        payload in payload(),
        meta_id in prop::option::of("[ab]"),
        service in prop::option::of("[ab]"),
        trace in prop::option::of("[ab]"),
        attributes in prop::collection::vec(("[a-c]", any::<i64>()), 0..3),
        origins in prop::collection::vec((0u64..2, 0u64..2, any::<u64>()), 0..3),
        hops in any::<u32>(),
        deadline in prop::option::of(any::<u64>()),
        is_asked in any::<bool>(),
        failure in prop::option::of(".*"),
    ) -> Carried {
        let mut event = Event::new(payload).with_id(Id::from_u128(id));
        if let Some(meta_id) = meta_id {
            event.set_meta_id(meta_id);
        }
        if let Some(service) = service {
            event.set_service(service);
        }
        if let Some(trace) = trace {
            event.set_traceparent(trace);
        }
        for (name, value) in attributes {
            event.set_attribute(name, value);
        }
        if let Some(message) = failure {
            let error = Error::new(ErrorKind::Conflict, message).with_detail("line", 3);
            event = event.failed(Failure::new(error, "actor".into()));
        }
        let origins = origins.into_iter().map(|(epoch, session, call)| Origin { epoch, session, call });
        Carried {
            event,
            root: root.map_or(Id::from_u128(id), Id::from_u128),
            hops,
            deadline,
            is_asked,
            origins: origins.collect(),
        }
    }
}

/// What a carried event says, to compare it by.
fn told(carried: &Carried) -> String {
    let event = &carried.event;
    let failure = event.error().map(|failure| {
        let mut failure = failure.to_value();
        // Milliseconds are enough for times.
        failure["since"].take();
        failure["at"].take();
        failure
    });
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {failure:?}",
        event.id(),
        event.payload().kind(),
        event.bytes().unwrap(),
        event.own_meta_id(),
        event.service(),
        event.traceparent(),
        event.attributes().to_value(),
        carried.root,
        carried.hops,
        (carried.deadline, carried.is_asked),
        carried.origins,
    )
}

proptest! {
    #[test]
    fn records_are_read_as_they_were_written(all in prop::collection::vec((any::<u64>(), carried()), 0..8)) {
        let mut records = Records::default();
        for (inlet, carried) in &all {
            records.event(*inlet, carried);
        }
        let frame = Frame::read(&Frame::batch(7, 9, &records)).unwrap();
        let Frame::Batch { number: 7, received: 9, records } = frame else {
            panic!("{frame:?}");
        };
        let read = Records::read(&records).unwrap();
        prop_assert_eq!(read.len(), all.len());
        for (record, (inlet, carried)) in read.iter().zip(&all) {
            let Record::Event { inlet: own, carried: other } = record else {
                panic!("{record:?}");
            };
            prop_assert_eq!(own, inlet);
            prop_assert_eq!(told(other), told(carried));
        }
    }

    #[test]
    fn any_bytes_are_a_frame_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Frame::read(&Bytes::from(bytes.clone()));
        let mut begun = b"cy\x01".to_vec();
        begun.extend(bytes);
        read_all(begun);
    }

    /// What is nearly right goes further into the reader than what is random.
    #[test]
    fn changed_frames_are_read_or_refused(
        all in prop::collection::vec(carried(), 1..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut records = Records::default();
        all.iter().for_each(|carried| records.event(1, carried));
        let mut bytes = Frame::batch(0, 0, &records).to_vec();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(bytes);
    }
}

fn read_all(bytes: Vec<u8>) {
    let length = bytes.len();
    match Frame::read(&bytes.into()) {
        Ok(Frame::Batch { records, .. }) => {
            if let Err(error) = Records::read(&records) {
                assert!(error.at <= length);
            }
        }
        Ok(_) => {}
        Err(error) => assert!(error.at <= length),
    }
}

fn part() -> Frame {
    Frame::Part {
        number: 300,
        received: 1,
        bytes: Bytes::from_static(b"not a record \xff"),
    }
}

#[test]
fn every_frame_and_record_is_read_as_it_was_written() {
    let hello = Hello {
        flow: "shop".to_owned(),
        fingerprint: u64::MAX,
        process: "front".to_owned(),
        replica: "1".to_owned(),
        epoch: 1 << 63,
        session: 5,
        peer: 0,
        received: 300,
    };
    let frames = [
        Frame::Hello(hello.clone()),
        Frame::Welcome(hello),
        Frame::Refused("other flow".to_owned()),
        Frame::Alive {
            sent: 1,
            received: 128,
            again: true,
        },
        Frame::Bye,
        part(),
    ];
    for frame in frames {
        assert_eq!(Frame::read(&frame.write()).unwrap(), frame);
    }
    let failure = Failure::new(Error::timeout("late"), "a".into()).kept();
    let mut records = Records::default();
    let all = [
        Record::Delivered {
            first: 3,
            count: 400,
        },
        Record::Ended {
            call: 7,
            ended: Ended(failure),
        },
        Record::Rests { first: 9, count: 1 },
        Record::Runs {
            first: 1 << 40,
            count: 1024,
        },
        Record::Cancel { call: u64::MAX },
        Record::Done {
            process: "p".to_owned(),
            replica: "2".to_owned(),
        },
        Record::Leaving,
        Record::Parted,
    ];
    all.iter().for_each(|record| records.add(record));
    let Frame::Batch { records, .. } = Frame::read(&Frame::batch(0, 0, &records)).unwrap() else {
        panic!("no batch");
    };
    let read = Records::read(&records).unwrap();
    let names = |records: &[Record]| -> Vec<String> {
        let form = |record: &Record| match record {
            Record::Ended { call, ended } => format!("{call} {} {}", ended.0, ended.0.is_kept()),
            other => format!("{other:?}"),
        };
        records.iter().map(form).collect()
    };
    assert_eq!(names(&read), names(&all));
}

#[test]
fn an_unknown_version_or_kind_is_refused_and_what_a_frame_has_more_is_not() {
    let refused = |bytes: &'static [u8]| {
        Frame::read(&Bytes::from_static(bytes))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(b"cy\x02\x05"),
        "byte 3 of the frame: expected version 1 of the format"
    );
    assert_eq!(
        refused(b"GET / HTTP/1.1"),
        "byte 2 of the frame: expected the letters `cy`"
    );
    assert_eq!(
        refused(b"cy\x01\x09"),
        "byte 4 of the frame: expected a kind of frame that this version knows"
    );
    let more = Frame::read(&Bytes::from_static(b"cy\x01\x05\x01\x01\x00more")).unwrap();
    assert_eq!(
        more,
        Frame::Alive {
            sent: 1,
            received: 1,
            again: false
        }
    );
}

/// Runs the reader and writer in Python on lines, and returns its lines.
fn python(arguments: &[&str], lines: &[String]) -> Vec<String> {
    use std::io::Write;
    use std::process::{Command, Stdio};
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
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
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
    let guide = include_str!("../../../docs/guide/wire_format.md");
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
