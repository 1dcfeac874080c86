//! Compares what came with what was expected.

use std::path::Path;

use compysition_core::Event;
use compysition_flow::{Document, Step};
use serde_json::{Value, json};

use crate::content::{Body, Difference};
use crate::expect::{Answer, EventMatch, Expect};
use crate::rewrite::rewritten;
use crate::seen::Seen;
use crate::stand_in::Response;

/// Something that is not as it was expected.
#[derive(Clone, Debug)]
pub(crate) struct Mismatch {
    /// Where in the file it was expected.
    pub(crate) at: Vec<Step>,
    /// What it is, in words.
    pub(crate) what: String,
    pub(crate) expected: String,
    pub(crate) got: String,
    /// What would hold in its place.
    pub(crate) would_hold: Option<Value>,
}

/// What came, to be compared.
pub(crate) struct Came<'a> {
    pub(crate) document: &'a Document,
    pub(crate) answer: Option<&'a Response>,
    pub(crate) seen: &'a Seen,
    /// Since when it counts.
    pub(crate) since: usize,
    pub(crate) printed: &'a [u8],
    pub(crate) log: &'a str,
    pub(crate) directory: Option<&'a Path>,
}

impl Came<'_> {
    /// Returns all that is not as expected; `at` is where the expectation stands.
    pub(crate) fn check(&self, expect: &Expect, at: &[Step]) -> Vec<Mismatch> {
        let mut found = Vec::new();
        if let Some(answer) = &expect.answer {
            self.answer(answer, &join(at, ["answer".into()]), &mut found);
        }
        for (place, wanted) in &expect.events.0 {
            let at = join(at, [place.as_str().into()]);
            self.events(place, &wanted.0, &at, &mut found);
        }
        if let Some(body) = &expect.output {
            let at = join(at, ["output".into()]);
            self.body(body, self.printed, "the output", &at, &mut found);
        }
        if let Some(body) = &expect.log {
            let at = join(at, ["log".into()]);
            self.body(body, self.log.as_bytes(), "the log", &at, &mut found);
        }
        for (name, body) in &expect.files.0 {
            let at = join(at, ["files".into(), name.as_str().into()]);
            let read = self
                .directory
                .map(|directory| std::fs::read(directory.join(name)));
            match read {
                Some(Ok(bytes)) => {
                    self.body(body, &bytes, &format!("the file `{name}`"), &at, &mut found);
                }
                Some(Err(error)) => found.push(Mismatch {
                    at,
                    what: format!("the file `{name}`"),
                    expected: "a file".into(),
                    got: error.to_string(),
                    would_hold: None,
                }),
                None => {}
            }
        }
        found
    }

    fn answer(&self, wanted: &Answer, at: &[Step], found: &mut Vec<Mismatch>) {
        let Some(answer) = self.answer else {
            return found.push(Mismatch {
                at: at.to_vec(),
                what: "the answer".into(),
                expected: "an answer".into(),
                got: "nothing was asked: `in` has no `http`".into(),
                would_hold: None,
            });
        };
        if let Some(status) = wanted.status.filter(|status| *status != answer.status) {
            found.push(Mismatch {
                at: join(at, ["status".into()]),
                what: "the status of the answer".into(),
                expected: status.to_string(),
                // The body of an error tells why.
                got: match wanted.body {
                    Some(_) => answer.status.to_string(),
                    None => format!(
                        "{}\n{}",
                        answer.status,
                        String::from_utf8_lossy(&answer.body)
                    ),
                },
                would_hold: Some(answer.status.into()),
            });
        }
        for (name, value) in &wanted.headers.0 {
            let got = answer.headers.iter();
            let got = got.filter(|(known, _)| known.eq_ignore_ascii_case(name));
            let got: Vec<&str> = got.map(|(_, value)| value.as_str()).collect();
            let got = got.join(", ");
            if got != *value {
                found.push(Mismatch {
                    at: join(at, ["headers".into(), name.as_str().into()]),
                    what: format!("the header `{name}` of the answer"),
                    expected: value.clone(),
                    got: got.clone(),
                    would_hold: Some(got.into()),
                });
            }
        }
        if let Some(body) = &wanted.body {
            let at = join(at, ["body".into()]);
            self.body(body, &answer.body, "the body of the answer", &at, found);
        }
    }

    fn body(&self, wanted: &Body, got: &[u8], what: &str, at: &[Step], found: &mut Vec<Mismatch>) {
        for difference in wanted.0.check(got) {
            found.push(self.mismatch(difference, what.to_owned(), at));
        }
    }

    fn events(&self, place: &str, wanted: &[EventMatch], at: &[Step], found: &mut Vec<Mismatch>) {
        let came = self.seen.at(place, self.since);
        if came.len() != wanted.len() {
            let shown: Vec<String> = came.iter().map(show).collect();
            return found.push(Mismatch {
                at: at.to_vec(),
                what: format!("what reached `{place}`"),
                expected: format!("{} events", wanted.len()),
                got: match shown.is_empty() {
                    true => "0 events".into(),
                    false => format!("{} events\n{}", came.len(), shown.join("\n")),
                },
                would_hold: Some(rewritten(wanted, &came)),
            });
        }
        for (index, (wanted, event)) in wanted.iter().zip(&came).enumerate() {
            let number = index + 1;
            let what = match came.len() {
                1 => format!("the event that reached `{place}`"),
                _ => format!("event {number} that reached `{place}`"),
            };
            let item = join(at, [index.into()]);
            // One event may stand there without a list.
            let at = match self.document.has(&item) {
                true => item,
                false => at.to_vec(),
            };
            for difference in wanted.check(event) {
                found.push(self.mismatch(difference, what.clone(), &at));
            }
        }
    }

    fn mismatch(&self, difference: Difference, what: String, at: &[Step]) -> Mismatch {
        let Difference {
            key,
            expected,
            got,
            would_hold,
        } = difference;
        let below = join(at, [key.into()]);
        let is_short = key == "text" && !self.document.has(&below);
        let what = match key {
            "attributes" | "service" | "meta_id" | "error" => format!("{what}, its {key}"),
            _ => what,
        };
        Mismatch {
            at: if is_short { at.to_vec() } else { below },
            what,
            expected,
            got,
            would_hold,
        }
    }
}

pub(crate) fn join<const N: usize>(at: &[Step], more: [Step; N]) -> Vec<Step> {
    at.iter().cloned().chain(more).collect()
}

/// Shows an event on a line.
fn show(event: &Event) -> String {
    let text = String::from_utf8_lossy(event.payload().bytes().unwrap_or_default()).into_owned();
    let error = event.error().map(|failure| format!(" ({failure})"));
    format!("- {text}{}", error.unwrap_or_default())
}

/// Returns what the payload of an event would have to be expected as.
pub(crate) fn as_expected(event: &Event) -> Value {
    use compysition_core::Payload;
    let text = || event.payload().text().unwrap_or_default();
    match event.payload() {
        Payload::Json(json) => match json.text().map(serde_json::from_str::<Value>) {
            Ok(Ok(value)) => json!({ "json": value }),
            _ => json!({ "text": text() }),
        },
        Payload::Xml(_) => json!({ "xml": text().trim_end() }),
        Payload::Empty => json!({ "empty": true }),
        _ => json!({ "text": text() }),
    }
}
