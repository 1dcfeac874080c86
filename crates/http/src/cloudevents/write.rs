//! An event as the headers of a CloudEvent.

use std::time::{Duration, SystemTime};

use compysition_core::{Event, Result, Timestamp};
use http::{HeaderMap, HeaderName};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::time::Instant;

use super::{ATTRIBUTE, PREFIX, VERSION, value};

/// Where in an id its version stands.
const VERSION_DIGIT: usize = 14;

/// Those that the event itself tells, so that none is taken over from where it came from.
const OWN: &[&str] = &[
    "specversion",
    "id",
    "time",
    "metaid",
    "rootid",
    "service",
    "traceparent",
    "hops",
    "deadline",
    "datacontenttype",
    "data",
];

/// Adds the headers of an event.
pub(crate) fn write(headers: &mut HeaderMap, event: &Event, flow: &str) -> Result {
    let mut add = |name: &str, text: &str| -> Result {
        // What no attribute may be called came from elsewhere, and is left there.
        if let Ok(name) = HeaderName::try_from(format!("{PREFIX}{name}")) {
            headers.insert(name, value::encode(text)?);
        }
        Ok(())
    };
    add(
        "source",
        &format!("/{}", utf8_percent_encode(flow, NON_ALPHANUMERIC)),
    )?;
    add("type", "compysition.event")?;
    let told = event.attribute(ATTRIBUTE);
    let told = told.as_ref().and_then(|told| told.as_object());
    for (name, told) in told.into_iter().flatten() {
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !is_name || OWN.contains(&&**name) {
            continue;
        }
        match told {
            Value::String(text) if !text.is_empty() => add(name, text)?,
            Value::Bool(_) | Value::Number(_) => add(name, &told.to_string())?,
            // Nothing else can be an attribute.
            _ => {}
        }
    }
    let id = event.id();
    add("specversion", VERSION)?;
    add("id", &id.to_string())?;
    // Only an id of version 7 tells when it was made; others may have come with a time.
    if id.to_string().as_bytes().get(VERSION_DIGIT) == Some(&b'7') {
        add("time", &made_at(event).to_string())?;
    } else if let Some(Value::String(time)) = told.and_then(|told| told.get("time"))
        && looks_like_time(time)
    {
        add("time", time)?;
    }
    add("metaid", &event.meta_id())?;
    if let Some(root) = event.root_id().filter(|root| *root != id) {
        add("rootid", &root.to_string())?;
    }
    if !event.service().is_empty() {
        add("service", event.service())?;
    }
    if let Some(traceparent) = event.traceparent() {
        add("traceparent", traceparent)?;
    }
    add("hops", &event.hops().to_string())?;
    if let Some(deadline) = event.deadline() {
        let left = deadline
            .saturating_duration_since(Instant::now())
            .as_millis();
        // An integer of CloudEvents has 32 bits.
        add("deadline", &left.min(i32::MAX as u128).to_string())?;
    }
    Ok(())
}

/// Returns when an event was made: the first 48 bits of its id, in milliseconds since 1970.
/// Returns whether a text may be a time as RFC 3339 writes it: what came along as one may be anything.
fn looks_like_time(text: &str) -> bool {
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let mut marks = marks.iter();
    marks.all(|(at, mark)| text.as_bytes().get(*at) == Some(mark))
}

fn made_at(event: &Event) -> Timestamp {
    let millis = (event.id().as_u128() >> 80) as u64;
    Timestamp(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use compysition_core::Id;
    use serde_json::json;

    fn written(event: &Event) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        write(&mut headers, event, "a flow").unwrap();
        let text = |(name, value): (&HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        let mut written: Vec<_> = headers.iter().map(text).collect();
        written.sort();
        written
    }

    #[test]
    fn an_event_is_told_in_headers() {
        let id = Id::from_u128((1_700_000_000_000 << 80) | 0x7000_8000_0000_0000_0001);
        let mut event = Event::new("x").with_id(id);
        event.set_meta_id("order 1");
        event.set_service("orders");
        let names = |pairs: &[(&str, &str)]| {
            let pair = |(name, value): &(&str, &str)| (format!("ce-{name}"), (*value).to_owned());
            pairs.iter().map(pair).collect::<Vec<_>>()
        };
        assert_eq!(
            written(&event),
            names(&[
                ("hops", "0"),
                ("id", &id.to_string()),
                ("metaid", "order%201"),
                ("service", "orders"),
                ("source", "/a%2520flow"),
                ("specversion", "1.0"),
                ("time", "2023-11-14T22:13:20.000Z"),
                ("type", "compysition.event"),
            ])
        );
    }

    #[test]
    fn what_it_came_with_goes_on_but_not_in_place_of_what_it_is() {
        let told = json!({
            "id": "theirs", "time": "never", "source": "//shop", "type": "order.new", "subject": "a b", "count": 3, "big": true,
            "Wrong-Name": "x", "list": [1], "empty": "",
        });
        let event = Event::new("x")
            .with_id(Id::from_u128(1))
            .with_attribute(ATTRIBUTE, told);
        let written = written(&event);
        let value = |name: &str| {
            let mut named = written.iter().filter(|(known, _)| known == name);
            named.next().map(|(_, value)| value.as_str())
        };
        assert_eq!(value("ce-source"), Some("//shop"));
        assert_eq!(value("ce-type"), Some("order.new"));
        assert_eq!(value("ce-subject"), Some("a%20b"));
        assert_eq!(
            (value("ce-count"), value("ce-big")),
            (Some("3"), Some("true"))
        );
        assert_eq!(value("ce-id"), Some("00000000-0000-0000-0000-000000000001"));
        // Neither id nor attribute tell when it was made.
        assert_eq!(value("ce-time"), None);
        for name in ["ce-wrong-name", "ce-list", "ce-empty"] {
            assert_eq!(value(name), None);
        }
    }
}
