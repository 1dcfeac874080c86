//! What would have to be expected where another number of events came.

use compysition_core::Event;
use serde_json::Value;

use crate::checks::as_expected;
use crate::content::prune;
use crate::expect::{EventMatch, failed_as_expected};

/// How many times at most an event is compared with an expectation.
const MOST: usize = 1_000_000;

/// Returns a list of expectations that these events fulfil. One that an event fulfils stays as it was; of another one in the same place what it
/// says beside the payload, as it came.
pub(crate) fn rewritten(wanted: &[EventMatch], came: &[Event]) -> Value {
    let partners = partners(wanted.len(), came.len(), |one, other| {
        wanted[one].check(&came[other]).is_empty()
    });
    let rewritten = came.iter().zip(partners);
    let rewritten = rewritten.map(|(event, partner)| match partner {
        Partner::Holds(index) => wanted[index].written(),
        Partner::InPlace(index) => beside(&wanted[index], event),
        Partner::None => as_it_came(event),
    });
    rewritten.collect()
}

/// The expectation that belongs to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Partner {
    Holds(usize),
    InPlace(usize),
    None,
}

/// Finds for each event its expectation, both in order: one that holds for as many as possible, and between those the first for the first.
fn partners(wanted: usize, came: usize, holds: impl Fn(usize, usize) -> bool) -> Vec<Partner> {
    let mut partners = vec![Partner::None; came];
    if wanted.saturating_mul(came) > MOST {
        let both = partners.iter_mut().zip(0..wanted);
        both.for_each(|(partner, one)| *partner = Partner::InPlace(one));
        return partners;
    }
    let holds: Vec<Vec<bool>> = (0..wanted)
        .map(|one| (0..came).map(|other| holds(one, other)).collect())
        .collect();
    // How many can have one that holds, of those from here on.
    let mut most = vec![vec![0_usize; came + 1]; wanted + 1];
    for one in (0..wanted).rev() {
        for other in (0..came).rev() {
            most[one][other] = match holds[one][other] {
                true => most[one + 1][other + 1] + 1,
                false => most[one + 1][other].max(most[one][other + 1]),
            };
        }
    }
    let (mut one, mut other) = (0, 0);
    // Where those begin that have none yet.
    let (mut first_one, mut first_other) = (0, 0);
    loop {
        let is_end = one == wanted || other == came;
        if is_end || holds[one][other] {
            let (end_one, end_other) = if is_end { (wanted, came) } else { (one, other) };
            for (one, other) in (first_one..end_one).zip(first_other..end_other) {
                partners[other] = Partner::InPlace(one);
            }
            if is_end {
                return partners;
            }
            partners[other] = Partner::Holds(one);
            (one, other) = (one + 1, other + 1);
            (first_one, first_other) = (one, other);
        } else if most[one + 1][other] >= most[one][other + 1] {
            one += 1;
        } else {
            other += 1;
        }
    }
}

/// Returns what would have to be expected of an event that says as much beside the payload as another expectation does. A meta id that is
/// another one may be another one again.
fn beside(wanted: &EventMatch, event: &Event) -> Value {
    let mut expected = as_it_came(event);
    let wanted = &wanted.0;
    if let Some(attributes) = &wanted.attributes {
        let came = event.attributes().to_value();
        let came = prune(attributes, &came);
        if came.as_object().is_some_and(|came| !came.is_empty()) {
            expected["attributes"] = came.into_owned();
        }
    }
    if wanted.service.is_some() {
        expected["service"] = event.service().into();
    }
    if let Some(meta_id) = &wanted.meta_id
        && *event.meta_id() == **meta_id
    {
        expected["meta_id"] = meta_id.as_str().into();
    }
    expected
}

/// Returns what an event would have to be expected as, with the error that it is marked with.
fn as_it_came(event: &Event) -> Value {
    let mut expected = as_expected(event);
    if let Some(failure) = event.error() {
        expected["error"] = failed_as_expected(failure);
    }
    expected
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wanted(list: Value) -> Vec<EventMatch> {
        serde_json::from_value(list).unwrap()
    }

    #[test]
    fn an_expectation_that_holds_stays_wherever_others_come() {
        let list = json!([
            { "contains": "a", "service": "s" },
            { "regex": "^b$" },
            { "text": "c", "attributes": { "n": 1 } },
        ]);
        let event = |text: &str| {
            let mut event = Event::new(text).with_attribute("n", 1);
            event.set_service("s");
            event
        };
        let came: Vec<Event> = ["x", "a", "y", "b", "c", "z"].map(event).to_vec();
        let mut expected = list.clone();
        let all = expected.as_array_mut().unwrap();
        all.insert(0, json!({ "text": "x" }));
        all.insert(2, json!({ "text": "y" }));
        all.push(json!({ "text": "z" }));
        let rewritten = rewritten(&wanted(list), &came);
        assert_eq!(rewritten, expected);
        let again = wanted(rewritten);
        assert!(
            again
                .iter()
                .zip(&came)
                .all(|(one, event)| one.check(event).is_empty())
        );
        let one = json!([{ "text": "c", "attributes": { "n": 1 } }]);
        assert_eq!(super::rewritten(&wanted(expected), &[event("c")]), one);
    }

    #[test]
    fn one_that_does_not_hold_says_as_much_of_the_event_in_its_place() {
        let list = json!([{ "text": "a", "service": "s", "meta_id": "m", "attributes": { "n": 1, "gone": 2 } }]);
        let mut event = Event::new("b")
            .with_attribute("n", 7)
            .with_attribute("more", 8);
        event.set_service("t");
        event.set_meta_id("m");
        let wanted = wanted(list);
        assert_eq!(
            rewritten(&wanted, &[event.clone(), event.clone()]),
            json!([
                { "text": "b", "attributes": { "n": 7 }, "service": "t", "meta_id": "m" },
                { "text": "b" },
            ])
        );
        event.set_meta_id("another");
        event.remove_attribute("n");
        let came = [event.clone(), event];
        assert_eq!(
            rewritten(&wanted, &came)[0],
            json!({ "text": "b", "service": "t" })
        );
    }

    #[test]
    fn all_that_an_expectation_says_is_written() {
        let all = json!([{
            "text": "a", "json": 1, "json_subset": { "a": null }, "xml": "<a/>", "regex": "a", "contains": "a",
            "empty": false, "attributes": { "a": 1 }, "service": "s", "meta_id": "m",
            "error": { "kind": "not_found", "message": "m", "actor": "a" },
        }]);
        let written: Value = wanted(all.clone())
            .iter()
            .map(EventMatch::written)
            .collect();
        assert_eq!(written, all);
        let less = json!([{ "error": { "actor": "a" } }, { "error": {} }]);
        let written: Value = wanted(less.clone())
            .iter()
            .map(EventMatch::written)
            .collect();
        assert_eq!(written, less);
    }

    #[test]
    fn too_many_are_taken_one_for_one() {
        let partners = partners(1 << 40, 1_001, |_, _| panic!("it is compared"));
        assert_eq!(partners[1_000], Partner::InPlace(1_000));
    }
}
