//! Typed access to what an event knows of HTTP.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use compysition_core::{Error, Event, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;

use crate::back_end::{BackEndResponse, RESPONSE};
use crate::exchange::{Exchange, HTTP, headers_from_value, status_of};
use crate::query;

/// Lets actors read and set what an event knows of HTTP.
///
/// Flow files find the same under `http`: `method`, `path`, `query`, `headers`, `variables` and `client`
/// of the request, and `status` and `response_headers` of the response to be.
///
/// ```
/// use compysition_core::{Actor, Context, Error, Event, Result};
/// use compysition_http::{HttpEvent, StatusCode};
///
/// /// Keeps clients away that do not name their tenant.
/// struct Tenants;
///
/// impl Actor for Tenants {
///     async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
///         let Some(tenant) = event.http().header("x-tenant").map(|name| name.into_owned()) else {
///             return Err(Error::forbidden("say who you are in the header x-tenant"));
///         };
///         event.set_attribute("tenant", tenant);
///         event.set_status(StatusCode::ACCEPTED);
///         ctx.send(event)
///     }
/// }
/// ```
pub trait HttpEvent {
    /// Returns the request that the event stands for, and the response that it may become.
    fn http(&self) -> Http<'_>;

    /// Sets the status of the response that the event may become.
    fn set_status(&mut self, status: StatusCode);

    /// Sets a header of the response that the event may become.
    ///
    /// # Errors
    /// Internal, if the name or the value may not stand in a header.
    fn set_response_header(&mut self, name: &str, value: &str) -> Result;

    /// Adds a header to the response that the event may become, beside those of the same name.
    ///
    /// # Errors
    /// Internal, if the name or the value may not stand in a header.
    fn add_response_header(&mut self, name: &str, value: &str) -> Result;

    /// Returns the status and headers of the response that an
    /// [`HttpClient`](crate::HttpClient) got for this event; flow files find them under
    /// `attributes.response`.
    fn back_end_response(&self) -> Option<&BackEndResponse>;
}

/// What an event knows of HTTP; see [`HttpEvent`]. An event that came by no request knows nothing.
pub struct Http<'a>(View<'a>);

enum View<'a> {
    Typed(&'a Exchange),
    /// A flow has set a field of it, or it came over a transport.
    Json(Cow<'a, Value>),
    None,
}

impl HttpEvent for Event {
    fn http(&self) -> Http<'_> {
        if let Some(exchange) = self.extension::<Exchange>(HTTP) {
            return Http(View::Typed(exchange));
        }
        Http(self.attribute(HTTP).map_or(View::None, View::Json))
    }

    fn set_status(&mut self, status: StatusCode) {
        let with_status = self.extension::<Exchange>(HTTP).map(|exchange| Exchange {
            status: Some(status),
            ..exchange.clone()
        });
        match with_status {
            Some(exchange) => self.set_extension(HTTP, Arc::new(exchange)),
            None => {
                let mut http = self.attribute(HTTP).map_or(Value::Null, Cow::into_owned);
                set_field(&mut http, "status", status.as_u16().into());
                self.set_attribute(HTTP, http);
            }
        }
    }

    fn set_response_header(&mut self, name: &str, value: &str) -> Result {
        let (header, content) = parse_header(name, value)?;
        match self.extension::<Exchange>(HTTP).cloned() {
            Some(mut exchange) => {
                exchange.response_headers.insert(header, content);
                self.set_extension(HTTP, Arc::new(exchange));
            }
            None => set_json_header(self, &header, value.into()),
        }
        Ok(())
    }

    fn add_response_header(&mut self, name: &str, value: &str) -> Result {
        let (header, content) = parse_header(name, value)?;
        match self.extension::<Exchange>(HTTP).cloned() {
            Some(mut exchange) => {
                exchange.response_headers.append(header, content);
                self.set_extension(HTTP, Arc::new(exchange));
            }
            None => {
                let headers = self.http().response_headers().into_owned();
                let texts = headers.get_all(&header).iter();
                let mut values: Vec<Value> = texts
                    .map(|text| String::from_utf8_lossy(text.as_bytes()).into())
                    .collect();
                values.push(value.into());
                set_json_header(self, &header, values.into());
            }
        }
        Ok(())
    }

    fn back_end_response(&self) -> Option<&BackEndResponse> {
        self.extension(RESPONSE)
    }
}

fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let invalid = || Error::internal(format!("`{name}: {value}` cannot be a header"));
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
    let content = HeaderValue::from_str(value).map_err(|_| invalid())?;
    Ok((header, content))
}

/// Sets a header of the response where HTTP is known as JSON. A flow may have written its name in capitals.
fn set_json_header(event: &mut Event, header: &HeaderName, value: Value) {
    let mut http = event.attribute(HTTP).map_or(Value::Null, Cow::into_owned);
    let mut headers = http.get("response_headers").cloned().unwrap_or_default();
    if let Some(headers) = headers.as_object_mut() {
        headers.retain(|name, _| !name.eq_ignore_ascii_case(header.as_str()));
    }
    set_field(&mut headers, header.as_str(), value);
    set_field(&mut http, "response_headers", headers);
    event.set_attribute(HTTP, http);
}

fn set_field(object: &mut Value, name: &str, value: Value) {
    if !object.is_object() {
        *object = Value::Object(serde_json::Map::new());
    }
    object[name] = value;
}

impl Http<'_> {
    /// Returns whether the event came by a request.
    pub fn is_some(&self) -> bool {
        !matches!(self.0, View::None)
    }

    /// Returns the method.
    pub fn method(&self) -> Option<Method> {
        match &self.0 {
            View::Typed(exchange) => Some(exchange.request.method.clone()),
            _ => self.text("method")?.parse().ok(),
        }
    }

    /// Returns the path, as it was sent.
    pub fn path(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            View::Typed(exchange) => Some(exchange.request.uri.path().into()),
            _ => self.text("path"),
        }
    }

    /// Returns the first value of a parameter of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        match &self.0 {
            View::Typed(exchange) => {
                let query = exchange.request.uri.query()?;
                query::pairs(query)
                    .find(|(own, _)| own == name)
                    .map(|(_, value)| value)
            }
            _ => {
                let value = self.field("query")?.get(name)?;
                value.get(0).unwrap_or(value).as_str().map(str::to_owned)
            }
        }
    }

    /// Returns a header of the request, if it is text.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        match &self.0 {
            View::Typed(exchange) => exchange.header(name).map(Cow::Borrowed),
            _ => {
                let headers = self.field("headers")?.as_object()?;
                let found = headers
                    .iter()
                    .find(|(own, _)| own.eq_ignore_ascii_case(name));
                found?.1.as_str().map(Cow::Borrowed)
            }
        }
    }

    /// Returns a variable of the route's path; it is an attribute of the event as well.
    pub fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        match &self.0 {
            View::Typed(exchange) => {
                let variables = &exchange.request.variables;
                let found = variables.iter().find(|(own, _)| &**own == name);
                found.map(|(_, value)| value.as_str().into())
            }
            _ => self
                .field("variables")?
                .get(name)?
                .as_str()
                .map(Cow::Borrowed),
        }
    }

    /// Returns the address of the client.
    pub fn client(&self) -> Option<SocketAddr> {
        match &self.0 {
            View::Typed(exchange) => exchange.request.client,
            _ => self.text("client")?.parse().ok(),
        }
    }

    /// Returns the status of the response to be, if it was set.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0 {
            View::Typed(exchange) => exchange.status,
            _ => status_of(self.field("status")?),
        }
    }

    /// Returns the headers of the response to be that were set.
    pub fn response_headers(&self) -> Cow<'_, HeaderMap> {
        match &self.0 {
            View::Typed(exchange) => Cow::Borrowed(&exchange.response_headers),
            _ => Cow::Owned(
                self.field("response_headers")
                    .map(headers_from_value)
                    .unwrap_or_default(),
            ),
        }
    }

    fn field(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            View::Json(value) => value.get(name),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.field(name)?.as_str().map(Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::RequestHead;

    fn request() -> Event {
        let mut headers = HeaderMap::new();
        headers.insert("x-a", "1".parse().unwrap());
        let request = RequestHead {
            method: Method::PUT,
            uri: "/orders/7?b=2".parse().unwrap(),
            headers,
            variables: vec![("id".into(), "7".into())],
            client: Some(([127, 0, 0, 1], 9).into()),
        };
        let mut event = Event::new(());
        let exchange = Exchange {
            request: Arc::new(request),
            ..Exchange::default()
        };
        event.set_extension(HTTP, Arc::new(exchange));
        event
    }

    #[test]
    fn typed_and_json_say_the_same() {
        let typed = request();
        let mut json = request();
        json.set_path("http.nothing", true).unwrap();
        for mut event in [typed, json] {
            let http = event.http();
            assert_eq!(http.method(), Some(Method::PUT));
            assert_eq!(http.path().as_deref(), Some("/orders/7"));
            assert_eq!(http.query("b").as_deref(), Some("2"));
            assert_eq!(http.header("X-A").as_deref(), Some("1"));
            assert_eq!(http.variable("id").as_deref(), Some("7"));
            assert_eq!(http.client(), Some(([127, 0, 0, 1], 9).into()));
            assert_eq!(http.status(), None);
            event.set_status(StatusCode::ACCEPTED);
            event.set_response_header("Location", "/orders/7").unwrap();
            assert_eq!(event.http().status(), Some(StatusCode::ACCEPTED));
            assert_eq!(event.http().response_headers()["location"], "/orders/7");
            for cookie in ["a=1", "b=2"] {
                event.add_response_header("Set-Cookie", cookie).unwrap();
            }
            let cookies = |event: &Event| {
                let headers = event.http().response_headers().into_owned();
                headers.get_all("set-cookie").iter().count()
            };
            assert_eq!(cookies(&event), 2);
            event.set_path("http.nothing", true).unwrap();
            assert_eq!(cookies(&event), 2);
            event.add_response_header("set-cookie", "c=3").unwrap();
            assert_eq!(cookies(&event), 3);
            event.set_response_header("set-cookie", "d=4").unwrap();
            assert_eq!(cookies(&event), 1);
            assert!(event.set_response_header("a b", "").is_err());
        }
    }

    #[test]
    fn what_a_flow_sets_of_the_response_leaves_it_typed() {
        let mut event = request();
        event.set_path("http.status", "201").unwrap();
        event
            .set_path("attributes.http.response_headers.Retry-After", 7)
            .unwrap();
        assert!(event.extension::<Exchange>(HTTP).is_some());
        assert_eq!(event.http().status(), Some(StatusCode::CREATED));
        assert_eq!(event.http().response_headers()["retry-after"], "7");
        event.set_path("http.response_headers.x", "a\nb").unwrap();
        assert!(event.extension::<Exchange>(HTTP).is_none());
        assert_eq!(event.http().header("x-a").as_deref(), Some("1"));
    }

    #[test]
    fn an_event_without_a_request_may_get_a_status() {
        let mut event = Event::new(());
        assert!(!event.http().is_some());
        event.set_status(StatusCode::CREATED);
        assert_eq!(event.http().status(), Some(StatusCode::CREATED));
    }
}
