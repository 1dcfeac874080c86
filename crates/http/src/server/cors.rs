//! What scripts of other origins may do in browsers (CORS).

use std::time::Duration;

use compysition_core::{Error, Result, TimeSpan};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::server::body::ResponseBody;
use crate::server::door::empty;
use crate::server::origins::Origins;
use crate::server::vary;

/// How long browsers need not ask again.
const MAX_AGE: TimeSpan = TimeSpan::seconds(600);

/// Says which pages of other origins may call a server, by their scripts, and what they may see.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings", inline)]
pub struct Cors {
    origins: Origins,
    credentials: bool,
    methods: Option<Vec<Method>>,
    headers: Option<Vec<HeaderName>>,
    expose: Option<HeaderValue>,
    max_age: HeaderValue,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The origins of the pages: `https://shop.example.org`, `https://*.example.org` for all hosts below,
    /// or `*` for every page there is; one, or a list.
    origins: OneOrMany,
    /// The methods that they may use; if left out, those of the routes.
    methods: Option<Vec<String>>,
    /// The request headers that they may set; if left out, any.
    headers: Option<Vec<String>>,
    /// The response headers that they may read, beside the few that browsers always show.
    #[serde(default)]
    expose: Vec<String>,
    /// Whether browsers send cookies and passwords along. The origins must be named then.
    #[serde(default)]
    credentials: bool,
    /// How long a browser need not ask again.
    #[serde(default = "max_age", serialize_with = "crate::written::written")]
    max_age: TimeSpan,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn max_age() -> TimeSpan {
    MAX_AGE
}

impl TryFrom<Settings> for Cors {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<Cors> {
        let origins = match settings.origins {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        };
        let mut cors = Cors::of(origins)?;
        if settings.credentials {
            cors = cors.with_credentials()?;
        }
        if let Some(methods) = settings.methods {
            cors = cors.methods(methods)?;
        }
        if let Some(headers) = settings.headers {
            cors = cors.headers(headers)?;
        }
        cors.expose(settings.expose)
            .map(|cors| cors.max_age(settings.max_age.0))
    }
}

impl Cors {
    /// Lets the pages of these origins in: `https://shop.example.org`, `https://*.example.org` for all hosts
    /// below, `*` for every page.
    ///
    /// # Errors
    /// If one of them is no origin.
    pub fn of<O: AsRef<str>>(origins: impl IntoIterator<Item = O>) -> Result<Cors> {
        Ok(Cors {
            origins: Origins::parse(origins).map_err(Error::internal)?,
            credentials: false,
            methods: None,
            headers: None,
            expose: None,
            max_age: MAX_AGE.0.as_secs().into(),
        })
    }

    /// Lets browsers send cookies and passwords along.
    ///
    /// # Errors
    /// If the origins are not named: any page could act for who is logged in.
    pub fn with_credentials(mut self) -> Result<Cors> {
        if self.origins.are_all() {
            return Err(Error::internal(
                "with `credentials` the origins must be named: with `*` any page could act for who is logged in",
            ));
        }
        self.credentials = true;
        Ok(self)
    }

    /// Sets the methods that pages may use; else those of the routes.
    ///
    /// # Errors
    /// If one of them is no method.
    pub fn methods<M: AsRef<str>>(mut self, methods: impl IntoIterator<Item = M>) -> Result<Cors> {
        let parse = |name: M| {
            let upper = name.as_ref().to_ascii_uppercase();
            let wrong = |_| Error::internal(format!("`{}` is no HTTP method", name.as_ref()));
            upper.parse().map_err(wrong)
        };
        self.methods = Some(methods.into_iter().map(parse).collect::<Result<_>>()?);
        Ok(self)
    }

    /// Sets the request headers that pages may set; else any.
    ///
    /// # Errors
    /// If one of them is no header.
    pub fn headers<H: AsRef<str>>(mut self, headers: impl IntoIterator<Item = H>) -> Result<Cors> {
        self.headers = Some(names(headers)?);
        Ok(self)
    }

    /// Sets the response headers that pages may read, beside the few that browsers always show.
    ///
    /// # Errors
    /// If one of them is no header.
    pub fn expose<H: AsRef<str>>(mut self, headers: impl IntoIterator<Item = H>) -> Result<Cors> {
        let names = names(headers)?;
        self.expose = (!names.is_empty()).then(|| list(&names)).transpose()?;
        Ok(self)
    }

    /// Sets how long a browser need not ask again; else ten minutes.
    #[must_use]
    pub fn max_age(mut self, time: Duration) -> Cors {
        self.max_age = time.as_secs().into();
        self
    }

    /// Returns the method that a browser asks leave for, if the request does that.
    pub(crate) fn asked_for(method: &Method, headers: &HeaderMap) -> Option<Method> {
        if method != Method::OPTIONS || !headers.contains_key(header::ORIGIN) {
            return None;
        }
        let asked = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        Method::from_bytes(asked.as_bytes()).ok()
    }

    /// Answers a browser that asks leave for a method.
    ///
    /// # Errors
    /// Forbidden, if the origin, the method or a header is not among those of the settings.
    pub(crate) fn allow(
        &self,
        asked: &Method,
        request: &HeaderMap,
    ) -> Result<Response<ResponseBody>> {
        if !self.lets_in(request) {
            return Err(Error::forbidden(
                "pages of this origin may not call this server",
            ));
        }
        let methods = match &self.methods {
            None => HeaderValue::from_str(asked.as_str())?,
            Some(methods) if methods.contains(asked) => list(methods)?,
            Some(_) => {
                let message = format!("pages of other origins may not use the method {asked} here");
                return Err(Error::forbidden(message));
            }
        };
        let wanted = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
        let headers = match &self.headers {
            None => wanted.cloned(),
            Some(headers) => {
                self.check_headers(headers, wanted)?;
                Some(list(headers)?).filter(|list| !list.is_empty())
            }
        };
        let mut response = empty(StatusCode::NO_CONTENT);
        vary::add(&mut response, header::ACCESS_CONTROL_REQUEST_METHOD);
        vary::add(&mut response, header::ACCESS_CONTROL_REQUEST_HEADERS);
        let own = response.headers_mut();
        own.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        own.insert(header::ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        if let Some(headers) = headers {
            own.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
        Ok(response)
    }

    fn check_headers(&self, allowed: &[HeaderName], wanted: Option<&HeaderValue>) -> Result {
        let wanted = wanted.map_or(Ok(""), |value| value.to_str());
        let wanted = wanted.map_err(|_| Error::malformed("the names of headers are damaged"))?;
        let names = wanted.split(',').map(str::trim);
        let is_allowed = |name: &str| {
            let mut allowed = allowed.iter();
            name.is_empty() || allowed.any(|own| own.as_str().eq_ignore_ascii_case(name))
        };
        match names.into_iter().find(|name| !is_allowed(name)) {
            None => Ok(()),
            Some(name) => Err(Error::forbidden(format!(
                "pages of other origins may not set the header {name} here"
            ))),
        }
    }

    /// Says in a response who may see it.
    pub(crate) fn mark(&self, response: &mut Response<ResponseBody>, request: &HeaderMap) {
        let is_let_in = self.lets_in(request);
        let origin = match request.get(header::ORIGIN) {
            _ if self.origins.are_all() => Some(HeaderValue::from_static("*")),
            origin => {
                vary::add(response, header::ORIGIN);
                origin.filter(|_| is_let_in).cloned()
            }
        };
        let headers = response.headers_mut();
        // Here speaks the server alone, lest two voices contradict each other.
        headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        let Some(origin) = origin else {
            return;
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            let yes = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
        if let Some(expose) = &self.expose {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose.clone());
        }
    }

    fn lets_in(&self, request: &HeaderMap) -> bool {
        let mut origins = request.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return false;
        };
        origin
            .to_str()
            .is_ok_and(|origin| self.origins.contain(origin))
    }
}

fn names<H: AsRef<str>>(names: impl IntoIterator<Item = H>) -> Result<Vec<HeaderName>> {
    let parse = |name: H| {
        let name = name.as_ref();
        let wrong = |_| Error::internal(format!("`{name}` cannot be the name of a header"));
        name.parse().map_err(wrong)
    };
    names.into_iter().map(parse).collect()
}

fn list<T: AsRef<str>>(names: &[T]) -> Result<HeaderValue> {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    Ok(HeaderValue::from_str(&names.join(", "))?)
}
