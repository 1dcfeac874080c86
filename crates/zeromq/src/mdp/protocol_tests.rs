//! The frames, against those of the RFCs and against any others.

use super::*;
use proptest::prelude::*;

fn frames(given: &[&'static [u8]]) -> Frames {
    given
        .iter()
        .map(|frame| Bytes::from_static(frame))
        .collect()
}

#[test]
fn the_frames_are_those_of_the_rfcs() {
    let body = frames(&[b"a", b""]);
    let request = ToBroker::Request {
        service: "echo".into(),
        body: body.clone(),
    };
    let reply = ToBroker::Reply {
        client: "ann".into(),
        body: body.clone(),
        is_final: true,
    };
    for (told, version, wire) in [
        (
            request.clone(),
            Version::V01,
            frames(&[b"", b"MDPC01", b"echo", b"a", b""]),
        ),
        (
            request,
            Version::V02,
            frames(&[b"MDPC02", b"\x01", b"echo", b"a", b""]),
        ),
        (
            reply.clone(),
            Version::V01,
            frames(&[b"", b"MDPW01", b"\x03", b"ann", b"", b"a", b""]),
        ),
        (
            reply,
            Version::V02,
            frames(&[b"MDPW02", b"\x04", b"ann", b"", b"a", b""]),
        ),
        (
            ToBroker::Ready {
                service: "echo".into(),
            },
            Version::V01,
            frames(&[b"", b"MDPW01", b"\x01", b"echo"]),
        ),
        (
            ToBroker::Heartbeat,
            Version::V01,
            frames(&[b"", b"MDPW01", b"\x04"]),
        ),
        (
            ToBroker::Heartbeat,
            Version::V02,
            frames(&[b"MDPW02", b"\x05"]),
        ),
        (
            ToBroker::Disconnect,
            Version::V01,
            frames(&[b"", b"MDPW01", b"\x05"]),
        ),
        (
            ToBroker::Disconnect,
            Version::V02,
            frames(&[b"MDPW02", b"\x06"]),
        ),
    ] {
        assert_eq!(told.clone().write(version), wire);
        assert_eq!(ToBroker::read(&wire), Ok((version, told)));
    }
    let request = ToWorker::Request {
        client: "ann".into(),
        body: body.clone(),
    };
    let wire = frames(&[b"MDPW02", b"\x02", b"ann", b"", b"a", b""]);
    assert_eq!(request.clone().write(Version::V02), wire);
    assert_eq!(ToWorker::read(Version::V02, &wire), Ok(request));
    for (is_final, code) in [(false, &b"\x02"[..]), (true, b"\x03")] {
        let answer = ToClient {
            service: "echo".into(),
            body: body.clone(),
            is_final,
        };
        let wire = frames(&[b"MDPC02", code, b"echo", b"a", b""]);
        assert_eq!(answer.clone().write(Version::V02), wire);
        assert_eq!(ToClient::read(Version::V02, &wire), Ok(answer));
    }
}

#[test]
fn what_is_no_mdp_is_told() {
    for wire in [
        frames(&[]),
        frames(&[b""]),
        frames(&[b"", b"MDPC01"]),
        frames(&[b"", b"MDPC01", b"echo"]),
        frames(&[b"", b"MDPC01", b"", b"a"]),
        frames(&[b"MDPC02", b"\x03", b"echo", b"a"]),
        frames(&[b"MDPC02"]),
        frames(&[b"", b"MDPW01", b"\x01"]),
        frames(&[b"", b"MDPW01", b"\x04", b"more"]),
        frames(&[b"", b"MDPW01", b"\x03", b"ann", b"no", b"a"]),
        frames(&[b"", b"MDPW01", b"\x03\x03", b"ann", b"", b"a"]),
        frames(&[b"", b"MDPW03", b"\x01", b"echo"]),
    ] {
        assert!(ToBroker::read(&wire).is_err(), "{wire:?}");
    }
}

proptest! {
    #[test]
    fn any_frames_are_read_without_a_panic(
        wire in proptest::collection::vec(
            prop_oneof![
                Just(Bytes::new()),
                Just(Bytes::from_static(b"MDPC01")),
                Just(Bytes::from_static(b"MDPC02")),
                Just(Bytes::from_static(b"MDPW01")),
                Just(Bytes::from_static(b"MDPW02")),
                (0_u8..8).prop_map(|code| Bytes::copy_from_slice(&[code])),
                proptest::collection::vec(any::<u8>(), 0..4).prop_map(Bytes::from),
            ],
            0..8,
        )
    ) {
        if let Ok((version, told)) = ToBroker::read(&wire) {
            prop_assert_eq!(told.write(version), wire.clone());
        }
        for version in [Version::V01, Version::V02] {
            if let Ok(told) = ToWorker::read(version, &wire) {
                prop_assert_eq!(told.write(version), wire.clone());
            }
            if let Ok(told) = ToClient::read(version, &wire) {
                prop_assert_eq!(told.write(version), wire.clone());
            }
        }
    }
}
