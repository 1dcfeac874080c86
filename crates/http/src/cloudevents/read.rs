//! The headers of a CloudEvent as what an event is.

use compysition_core::{Error, Event, Id, Result};
use http::HeaderMap;
use serde_json::{Map, Value};

use super::{ATTRIBUTE, PREFIX, value};

/// The longest id and meta id that are taken, as of other requests.
const LONGEST: usize = 256;

/// What the headers of a request tell of its event.
#[derive(Debug)]
pub(crate) struct Told {
    attributes: Map<String, Value>,
}

impl Told {
    /// Reads the headers; none if they are not those of a CloudEvent.
    ///
    /// # Errors
    /// Malformed, if it is of another major version, or lacks what each must have.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Told>> {
        let Some(version) = headers.get("ce-specversion") else {
            return Ok(None);
        };
        let version = value::decode(version)?;
        if version != "1" && !version.starts_with("1.") {
            return Err(Error::malformed(format!(
                "version `{version}` of CloudEvents is not known here, but 1.0 is"
            )));
        }
        let mut attributes = Map::new();
        for name in headers.keys() {
            let Some(attribute) = name.as_str().strip_prefix(PREFIX) else {
                continue;
            };
            let is_name =
                !attribute.is_empty() && attribute.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let mut values = headers.get_all(name).iter();
            let (Some(one), None, true) = (values.next(), values.next(), is_name) else {
                return Err(Error::malformed(format!(
                    "`{name}` can be no attribute of a CloudEvent, or is there twice"
                )));
            };
            attributes.insert(attribute.to_owned(), value::decode(one)?.into());
        }
        let told = Told { attributes };
        for required in ["id", "source", "type"] {
            if told.text(required).is_none() {
                return Err(Error::malformed(format!(
                    "a CloudEvent has `{required}`, but the header `{PREFIX}{required}` is missing or empty"
                )));
            }
        }
        for short in ["id", "metaid"] {
            if told.text(short).is_some_and(|id| id.len() > LONGEST) {
                return Err(Error::malformed(format!(
                    "the `{short}` of a CloudEvent is longer than {LONGEST} bytes"
                )));
            }
        }
        Ok(Some(told))
    }

    /// Returns the id that logs and traces show: the meta id, else the id.
    pub(crate) fn meta_id(&self) -> Option<&str> {
        self.text("metaid").or_else(|| self.text("id"))
    }

    /// Returns the trace context.
    pub(crate) fn traceparent(&self) -> Option<&str> {
        self.text("traceparent")
    }

    /// Returns the service.
    pub(crate) fn service(&self) -> Option<&str> {
        self.text("service")
    }

    /// Puts the id and the attributes into an event.
    pub(crate) fn put_into(self, mut event: Event) -> Event {
        if let Some(id) = self.id() {
            event = event.with_id(id);
        }
        event.with_attribute(ATTRIBUTE, Value::Object(self.attributes))
    }

    /// Returns the id, if it can be that of an event.
    fn id(&self) -> Option<Id> {
        let id: Id = self.text("id")?.parse().ok()?;
        (!id.is_none()).then_some(id)
    }

    fn text(&self, name: &str) -> Option<&str> {
        let text = self.attributes.get(name)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};
    use serde_json::json;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Option<Told>> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        Told::read(&headers)
    }

    const GOOD: [(&str, &str); 4] = [
        ("ce-specversion", "1.0"),
        ("ce-id", "A-1"),
        ("ce-source", "//shop"),
        ("ce-type", "order.new"),
    ];

    fn with(more: &[(&'static str, &'static str)]) -> Result<Option<Told>> {
        read(&[&GOOD[..], more].concat())
    }

    #[test]
    fn an_event_is_what_its_headers_tell() {
        let told = with(&[("ce-subject", "a%20b"), ("content-type", "text/plain")]);
        let told = told.unwrap().unwrap();
        assert_eq!(told.meta_id(), Some("A-1"));
        let event = told.put_into(Event::new("x"));
        assert!(event.id().is_none());
        let told = event.attribute(ATTRIBUTE).unwrap();
        assert_eq!(
            *told,
            json!({ "specversion": "1.0", "id": "A-1", "source": "//shop", "type": "order.new", "subject": "a b" })
        );
    }

    #[test]
    fn ids_of_ours_are_kept() {
        let id = "01906f2e-8c00-7000-8000-00000000002a";
        let told = read(
            &[
                &GOOD[..1],
                &GOOD[2..],
                &[
                    ("ce-id", id),
                    ("ce-metaid", "trace me"),
                    ("ce-service", "orders"),
                ],
            ]
            .concat(),
        );
        let told = told.unwrap().unwrap();
        assert_eq!(told.meta_id(), Some("trace me"));
        assert_eq!(told.service(), Some("orders"));
        let event = told.put_into(Event::new("x"));
        assert_eq!(event.id().to_string(), id);
    }

    #[test]
    fn what_is_none_is_refused_and_other_requests_are_left_alone() {
        assert!(read(&[("ce-id", "1")]).unwrap().is_none());
        assert!(with(&[]).unwrap().is_some());
        for (pairs, why) in [
            (
                vec![("ce-specversion", "2.0"), ("ce-id", "1")],
                "is not known here",
            ),
            (GOOD[..3].to_vec(), "has `type`"),
            ([&GOOD[..3], &[("ce-type", "")]].concat(), "has `type`"),
            ([&GOOD[..], &[("ce-id", "2")]].concat(), "there twice"),
            ([&GOOD[..], &[("ce-a-b", "2")]].concat(), "no attribute"),
            ([&GOOD[..], &[("ce-x", "%ff")]].concat(), "no UTF-8"),
        ] {
            let says = read(&pairs).unwrap_err();
            assert!(says.message().contains(why), "{says}");
        }
    }
}
