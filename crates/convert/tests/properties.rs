//! What holds for any input.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use compysition_convert::{Charset, Codec, ENVELOPE, Text, json_to_xml, xml_to_json};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// A text that comes back: not empty, no space around it, no markup that would be embedded.
fn text() -> impl Strategy<Value = Value> {
    "[!-;=-~é日😀]([ -;=-~\r\n\té日😀&<\"']{0,12}[!-;=-~é日])?".prop_map(Value::String)
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z_é][A-Za-z0-9_.é-]{0,6}".prop_filter("the envelope's own name", |name| name != ENVELOPE)
}

/// A value as XML gives it: texts, nulls, objects, and lists of two or more under a name.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![text(), Just(Value::Null)];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let member = prop_oneof![
            3 => inner.clone(),
            1 => prop::collection::vec(inner, 2..4).prop_map(Value::Array),
        ];
        let members = prop::collection::vec((name(), member), 1..5);
        let attributes = prop::collection::vec((name(), text()), 0..3);
        (attributes, members).prop_map(|(attributes, members)| {
            let attributes = attributes
                .into_iter()
                .map(|(name, value)| (format!("@{name}"), value));
            Value::Object(attributes.chain(members).collect())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_xml_gives_comes_back(root in name(), value in value()) {
        let json = Value::Object(Map::from_iter([(root, value)]));
        let xml = json_to_xml(&json).unwrap();
        prop_assert_eq!(xml_to_json(&xml).unwrap(), json, "{}", xml);
    }

    #[test]
    fn what_needs_an_envelope_comes_back(items in prop::collection::vec(value(), 1..5)) {
        let json = Value::Array(items);
        let xml = json_to_xml(&json).unwrap();
        prop_assert_eq!(xml_to_json(&xml).unwrap(), json, "{}", xml);
    }

    #[test]
    fn no_xml_panics(text in "[<>/a-c'\"=&;#x0-9!\\[\\]\\-? \n\u{0}é]{0,60}") {
        let _ = xml_to_json(&text);
    }

    #[test]
    fn whatever_is_written_can_be_read(name in ".{0,8}", text in ".{0,20}") {
        let json = Value::Object(Map::from_iter([(name, Value::String(text))]));
        if let Ok(xml) = json_to_xml(&json) {
            prop_assert!(xml_to_json(&xml).is_ok(), "{}", xml);
        }
    }

    #[test]
    fn lines_taken_together_are_those_that_come_one_by_one(
        bytes in prop::collection::vec(prop::sample::select(b"ab\xc3\xa9\r\n\n\n".to_vec()), 0..60),
        at in 0usize..60,
        charset in prop::sample::select(vec!["utf-8", "iso-8859-1"]),
        (most, room) in (1usize..6, 0usize..40),
    ) {
        let lines = Codec::Lines(Text { charset: Charset::of(charset).unwrap() });
        let (mut together, mut single) = (lines.decoder(6), lines.decoder(6));
        let (first, second) = bytes.split_at(at.min(bytes.len()));
        for (part, is_last) in [(first, false), (second, true)] {
            for decoder in [&mut together, &mut single] {
                decoder.feed(part);
                if is_last {
                    decoder.end();
                }
            }
            loop {
                let mut taken = String::new();
                let count = together.take_lines(most, room, &mut taken);
                prop_assert!(count <= most && taken.len() <= room);
                if count > 0 {
                    let expected: Vec<String> = (0..count)
                        .map(|_| format!("{}\n", single.next().unwrap().unwrap().text().unwrap()))
                        .collect();
                    prop_assert_eq!(taken, expected.concat());
                    prop_assert_eq!(together.pending(), single.pending());
                    continue;
                }
                let next = [&mut together, &mut single].map(|decoder| {
                    let next = decoder.next();
                    let next = next.map(|next| next.map(|line| line.text().unwrap().to_owned()));
                    (format!("{next:?}"), decoder.take_refused())
                });
                prop_assert_eq!(&next[0], &next[1]);
                if next[0].0 == "None" {
                    break;
                }
            }
        }
    }

    #[test]
    fn so_are_those_that_are_taken_one_behind_the_other(
        bytes in prop::collection::vec(prop::sample::select(b"ab\xc3\xa9\r\n\n\n".to_vec()), 0..60),
        at in 0usize..60,
        charset in prop::sample::select(vec!["utf-8", "iso-8859-1"]),
        most in 1usize..6,
    ) {
        let lines = Codec::Lines(Text { charset: Charset::of(charset).unwrap() });
        let (mut together, mut single) = (lines.decoder(6), lines.decoder(6));
        let (first, second) = bytes.split_at(at.min(bytes.len()));
        for part in [first, second] {
            together.feed(part);
            single.feed(part);
            loop {
                let mut taken = Vec::new();
                let pending = together.pending();
                let mut left = pending;
                let count = together.take_each_line(most, |line, used| {
                    left -= used;
                    taken.push((line.to_owned(), left));
                });
                prop_assert!(count == taken.len() && count <= most);
                prop_assert_eq!(left, together.pending());
                for (line, left) in taken {
                    let next = single.next().unwrap().unwrap();
                    prop_assert_eq!((next.text().unwrap(), single.pending()), (&*line, left));
                }
                if count == 0 {
                    let next = [&mut together, &mut single].map(|decoder| format!("{:?}", decoder.next()));
                    prop_assert_eq!(&next[0], &next[1]);
                    if next[0] == "None" {
                        break;
                    }
                }
            }
        }
    }
}
