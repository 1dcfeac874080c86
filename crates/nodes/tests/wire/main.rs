//! What goes over the lines can be read again, and anything else is refused with its place.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod guide;

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
        is_last in any::<bool>(),
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
        let origins: Vec<_> = origins.into_iter().map(|(epoch, session, call)| Origin { epoch, session, call }).collect();
        Carried {
            event,
            root: root.map_or(Id::from_u128(id), Id::from_u128),
            hops,
            deadline,
            is_asked,
            is_last,
            origins: (!origins.is_empty()).then(|| origins.into()),
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
        (carried.deadline, carried.is_asked, carried.is_last),
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
