//! One route: which requests it takes, and how.

use compysition_core::{ByteSize, TimeSpan, more_than_nothing};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

use crate::media::MediaRange;
use crate::server::answer_mode::AnswerMode;

/// A route: `POST /orders/{id}`, or a map of settings.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// None means any.
    pub(crate) methods: Vec<Method>,
    pub(crate) path: String,
    pub(crate) content_types: Option<Vec<MediaRange>>,
    pub(crate) body_limit: Option<ByteSize>,
    pub(crate) deadline: Option<TimeSpan>,
    pub(crate) answer: Option<AnswerMode>,
}

/// The settings of one route; those that are left out are the server's.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RouteSettings {
    /// The method, or a list of methods; all if left out.
    #[serde(default)]
    method: Methods,
    /// The path. `{name}` stands for one segment, `{*name}` for all the rest; both become attributes.
    path: String,
    /// The media types that are taken; others are refused with 415.
    #[serde(alias = "ctypes")]
    content_types: Option<Vec<MediaRange>>,
    /// The most bytes that a body may have; larger ones are refused with 413.
    body_limit: Option<ByteSize>,
    /// How long the flow may take for an answer; then it is 504.
    #[serde(default, deserialize_with = "more_than_nothing")]
    deadline: Option<TimeSpan>,
    /// What the client waits for.
    answer: Option<AnswerMode>,
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(untagged)]
enum Methods {
    One(String),
    Many(Vec<String>),
    #[default]
    #[serde(skip)]
    Any,
}

impl Route {
    /// Returns the route that takes whatever comes.
    pub(crate) fn any() -> Route {
        Route {
            methods: Vec::new(),
            path: "/{*path}".into(),
            content_types: None,
            body_limit: None,
            deadline: None,
            answer: None,
        }
    }
}

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Route, String> {
        let Some(start) = text.find('/') else {
            return Err(format!(
                "`{text}` is no route; write it like `POST /orders/{{id}}`"
            ));
        };
        let (methods, path) = text.split_at(start);
        let methods = methods
            .split([' ', ',', '|'])
            .filter(|name| !name.is_empty());
        Ok(Route {
            methods: parse_methods(methods)?,
            path: path.trim().to_owned(),
            ..Route::any()
        })
    }
}

fn parse_methods<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Method>, String> {
    let mut methods = Vec::new();
    for name in names {
        if name.eq_ignore_ascii_case("any") {
            return Ok(Vec::new());
        }
        let method: Method = name
            .to_ascii_uppercase()
            .parse()
            .map_err(|_| format!("`{name}` is no HTTP method"))?;
        methods.push(method);
    }
    Ok(methods)
}

impl TryFrom<RouteSettings> for Route {
    type Error = String;

    fn try_from(settings: RouteSettings) -> Result<Route, String> {
        let methods = match &settings.method {
            Methods::Any => Vec::new(),
            Methods::One(name) => parse_methods([name.as_str()].into_iter())?,
            Methods::Many(names) => parse_methods(names.iter().map(String::as_str))?,
        };
        if !settings.path.starts_with('/') {
            return Err(format!(
                "the path `{}` does not begin with a slash",
                settings.path
            ));
        }
        Ok(Route {
            methods,
            path: settings.path,
            content_types: settings.content_types,
            body_limit: settings.body_limit,
            deadline: settings.deadline,
            answer: settings.answer,
        })
    }
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Route, D::Error> {
        deserializer.deserialize_any(RouteVisitor)
    }
}

struct RouteVisitor;

impl<'de> Visitor<'de> for RouteVisitor {
    type Value = Route;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a route like `POST /orders/{id}`, or a map with `path`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Route, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Route, A::Error> {
        let settings = RouteSettings::deserialize(MapAccessDeserializer::new(map))?;
        Route::try_from(settings).map_err(de::Error::custom)
    }
}

impl JsonSchema for Route {
    fn schema_name() -> Cow<'static, str> {
        "Route".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let settings = generator.subschema_for::<RouteSettings>();
        let short = "Methods and a path, such as `POST /orders/{id}`.";
        json_schema!({ "anyOf": [{ "type": "string", "description": short }, settings] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn is_a_line_or_a_map() {
        let route: Route = "get, POST /orders/{id}".parse().unwrap();
        assert_eq!(route.methods, [Method::GET, Method::POST]);
        assert_eq!(route.path, "/orders/{id}");
        assert!("/health".parse::<Route>().unwrap().methods.is_empty());
        assert!(
            "POST orders"
                .parse::<Route>()
                .unwrap_err()
                .contains("is no route")
        );
        let map = json!({"method": ["PUT"], "path": "/a", "content_types": ["xml"], "body_limit": "1KiB"});
        let route: Route = serde_json::from_value(map).unwrap();
        assert_eq!(route.methods, [Method::PUT]);
        assert_eq!(route.body_limit, Some(ByteSize(1024)));
        let typo = serde_json::from_value::<Route>(json!({"path": "/a", "metod": "PUT"}));
        assert!(
            typo.unwrap_err()
                .to_string()
                .contains("unknown field `metod`")
        );
    }
}
