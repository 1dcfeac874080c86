//! The HTTP exchange that an event belongs to, as the typed value of its attribute `http`.

use std::net::SocketAddr;
use std::sync::Arc;

use compysition_core::Extension;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::query;

/// The name of the attribute.
pub(crate) const HTTP: &str = "http";

/// What an event knows of the request that it stands for, and of the response that it may become. It is
/// read and changed through [`HttpEvent`](crate::HttpEvent).
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) request: Arc<RequestHead>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) response_headers: HeaderMap,
    /// Whether the credentials have been verified, and are to be seen no more.
    pub(crate) hides_credentials: bool,
}

/// What came before the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestHead {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) variables: Vec<(Arc<str>, String)>,
    pub(crate) client: Option<SocketAddr>,
}

impl Exchange {
    /// Returns a header of the request.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        if self.hides_credentials && name.eq_ignore_ascii_case("authorization") {
            return None;
        }
        self.request.headers.get(name)?.to_str().ok()
    }
}

impl Serialize for Exchange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let request = &*self.request;
        let mut http = serializer.serialize_map(None)?;
        http.serialize_entry("method", request.method.as_str())?;
        http.serialize_entry("path", request.uri.path())?;
        let query = query::to_value(request.uri.query().unwrap_or_default());
        http.serialize_entry("query", &query)?;
        let hidden = self.hides_credentials.then_some(header::AUTHORIZATION);
        let headers = Headers(&request.headers, hidden);
        http.serialize_entry("headers", &headers)?;
        if !request.variables.is_empty() {
            http.serialize_entry("variables", &Variables(&request.variables))?;
        }
        if let Some(client) = request.client {
            http.serialize_entry("client", &client)?;
        }
        if let Some(status) = self.status {
            http.serialize_entry("status", &status.as_u16())?;
        }
        if !self.response_headers.is_empty() {
            let headers = Headers(&self.response_headers, None);
            http.serialize_entry("response_headers", &headers)?;
        }
        http.end()
    }
}

/// The variables of a route.
struct Variables<'a>(&'a [(Arc<str>, String)]);

impl Serialize for Variables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (&**name, value)))
    }
}

impl Extension for Exchange {
    fn to_value(&self) -> Value {
        // It has nothing that is no JSON.
        serde_json::to_value(self).unwrap_or_default()
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        // Memory takes all of it.
        let _ = serde_json::to_writer(out, self);
    }

    fn with_field(&self, path: &str, value: &Value) -> Option<Arc<dyn Extension>> {
        let mut changed = self.clone();
        if path == "status" {
            changed.status = Some(status_of(value)?);
        } else {
            let name = path.strip_prefix("response_headers.")?;
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            changed
                .response_headers
                .insert(name, HeaderValue::try_from(text).ok()?);
        }
        Some(Arc::new(changed))
    }
}

/// Reads a status, from a number or text.
pub(crate) fn status_of(value: &Value) -> Option<StatusCode> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    StatusCode::from_u16(u16::try_from(number).ok()?).ok()
}

/// Headers as an object, but for one of them; those that occur more than once are joined by commas, except cookies that are set,
/// which may hold commas themselves: they are a list.
pub(crate) struct Headers<'a>(pub(crate) &'a HeaderMap, pub(crate) Option<HeaderName>);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Headers(headers, hidden) = self;
        let shown = headers.keys().filter(|name| Some(*name) != hidden.as_ref());
        serializer.collect_map(shown.map(|name| (name.as_str(), Values(headers, name))))
    }
}

/// All values of one header.
struct Values<'a>(&'a HeaderMap, &'a HeaderName);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Values(headers, name) = self;
        let values = headers.get_all(*name).iter();
        let mut values = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let first = values.next().unwrap_or_default();
        let rest: Vec<_> = values.collect();
        if rest.is_empty() {
            return serializer.serialize_str(&first);
        }
        let all = std::iter::once(first).chain(rest);
        match **name == header::SET_COOKIE {
            true => serializer.collect_seq(all),
            false => serializer.serialize_str(&all.collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Reads headers from an object as [`Headers`] writes it; what is no header is left out.
pub(crate) fn headers_from_value(value: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            continue;
        };
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.append(name.clone(), value);
            }
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn is_json_when_asked() {
        let mut headers = HeaderMap::new();
        headers.append("x-a", "1".parse().unwrap());
        headers.append("x-a", "2".parse().unwrap());
        headers.insert("authorization", "Basic YTpi".parse().unwrap());
        let request = RequestHead {
            method: Method::POST,
            uri: "/orders/7?full=yes".parse().unwrap(),
            headers,
            variables: vec![("id".into(), "7".into())],
            client: None,
        };
        let mut exchange = Exchange {
            request: Arc::new(request),
            ..Exchange::default()
        };
        assert_eq!(
            exchange.to_value()["headers"]["authorization"],
            "Basic YTpi"
        );
        exchange.hides_credentials = true;
        exchange.status = Some(StatusCode::ACCEPTED);
        let wanted = json!({
            "method": "POST", "path": "/orders/7", "query": {"full": "yes"},
            "headers": {"x-a": "1, 2"}, "variables": {"id": "7"}, "status": 202
        });
        assert_eq!(exchange.to_value(), wanted);
        assert_eq!(exchange.header("authorization"), None);
    }

    #[test]
    fn headers_read_back() {
        let headers =
            headers_from_value(&json!({"Set-Cookie": ["a=1", "b=2"], "x": 7, "bad name": ""}));
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
        assert_eq!(headers["x"], "7");
        assert_eq!(headers.len(), 3);
    }
}
