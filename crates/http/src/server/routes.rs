//! Which route a request takes.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use http::Method;
use matchit::Router;
use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::query;
use crate::server::route::Route;
use crate::static_files::FILE;

/// Routes by their names, in the order in which they were written.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(with = "std::collections::BTreeMap<String, Route>")]
pub(crate) struct Routes(pub(crate) Vec<(String, Route)>);

impl<'de> Deserialize<'de> for Routes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Routes, D::Error> {
        deserializer.deserialize_map(RoutesVisitor)
    }
}

struct RoutesVisitor;

impl<'de> Visitor<'de> for RoutesVisitor {
    type Value = Routes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of names to routes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Routes, A::Error> {
        let mut routes = Vec::new();
        while let Some(route) = map.next_entry()? {
            routes.push(route);
        }
        // Clashes are found here, where the place in the file is known.
        RouteTable::new(&routes).map_err(de::Error::custom)?;
        Ok(Routes(routes))
    }
}

/// Attributes that have a meaning of their own: a client must not set them by its path.
const RESERVED: [&str; 4] = ["content_type", "http", FILE, "response"];

/// Finds the route of a request.
pub(crate) struct RouteTable {
    /// For each path its routes, by their numbers, with their methods.
    paths: Router<Choices>,
}

/// The routes of one path: their methods, and their numbers.
type Choices = Vec<(Vec<Method>, usize)>;

/// The route that a request takes, or why it takes none.
#[derive(Debug)]
pub(crate) enum Found {
    Route {
        number: usize,
        variables: Vec<(Arc<str>, String)>,
    },
    /// The path's methods, for the header `Allow`.
    Options {
        allow: String,
    },
    NotAllowed {
        allow: String,
    },
    Nothing,
    /// A variable is not UTF-8.
    Malformed,
}

impl RouteTable {
    pub(crate) fn new(routes: &[(String, Route)]) -> Result<RouteTable, String> {
        let mut paths: Vec<(&str, Choices)> = Vec::new();
        for (number, (name, route)) in routes.iter().enumerate() {
            let path = without_last_slash(&route.path);
            if let Some(reserved) = RESERVED
                .iter()
                .find(|reserved| has_variable(path, reserved))
            {
                return Err(format!(
                    "in the route `{name}`, `{{{reserved}}}` is a reserved name"
                ));
            }
            let own = (route.methods.clone(), number);
            match paths.iter_mut().find(|(other, _)| *other == path) {
                None => paths.push((path, vec![own])),
                Some((_, others)) => {
                    let clash = others
                        .iter()
                        .find(|(methods, _)| overlap(methods, &route.methods));
                    if let Some((_, other)) = clash {
                        let other = &routes[*other].0;
                        return Err(format!(
                            "the routes `{other}` and `{name}` take the same requests"
                        ));
                    }
                    others.push(own);
                }
            }
        }
        let mut router = Router::new();
        for (path, methods) in paths {
            let names: Vec<_> = methods
                .iter()
                .map(|(_, number)| routes[*number].0.as_str())
                .collect();
            let names = names.join("`, `");
            let added = router.insert(path, methods);
            added.map_err(|error| {
                format!("the path of the route `{names}` cannot be used: {error}")
            })?;
        }
        Ok(RouteTable { paths: router })
    }

    pub(crate) fn find(&self, method: &Method, path: &str) -> Found {
        let Ok(found) = self.paths.at(without_last_slash(path)) else {
            return Found::Nothing;
        };
        let Some(number) = number_of(found.value, method) else {
            let allow = allow(found.value);
            return match *method {
                Method::OPTIONS => Found::Options { allow },
                _ => Found::NotAllowed { allow },
            };
        };
        let mut variables = Vec::with_capacity(found.params.len());
        for (name, value) in found.params.iter() {
            let Some(value) = query::decode(value) else {
                return Found::Malformed;
            };
            variables.push((name.into(), value));
        }
        Found::Route { number, variables }
    }
}

/// Finds the route of a method; GET answers HEAD, and a route for any method takes what is left.
fn number_of(routes: &[(Vec<Method>, usize)], method: &Method) -> Option<usize> {
    let of = |method: &Method| routes.iter().find(|(methods, _)| methods.contains(method));
    let head_as_get = || of(&Method::GET).filter(|_| method == Method::HEAD);
    let any = || routes.iter().find(|(methods, _)| methods.is_empty());
    of(method)
        .or_else(head_as_get)
        .or_else(any)
        .map(|(_, number)| *number)
}

fn allow(routes: &[(Vec<Method>, usize)]) -> String {
    let methods = routes.iter().flat_map(|(methods, _)| methods);
    let mut names: BTreeSet<&str> = methods.map(Method::as_str).collect();
    if names.contains("GET") {
        names.insert("HEAD");
    }
    names.insert("OPTIONS");
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn overlap(some: &[Method], others: &[Method]) -> bool {
    // A route for any method takes only what the others leave.
    some.iter().any(|method| others.contains(method)) || (some.is_empty() && others.is_empty())
}

fn has_variable(path: &str, name: &str) -> bool {
    let variable = |segment: &str| Some(segment.strip_prefix('{')?.strip_suffix('}')?.to_owned());
    let mut variables = path.split('/').filter_map(variable);
    variables.any(|variable| variable.trim_start_matches('*') == name)
}

fn without_last_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        Some("") | None => path,
        Some(shorter) => shorter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(routes: &[(&str, &str)]) -> Result<RouteTable, String> {
        let route = |(name, route): &(&str, &str)| (name.to_string(), route.parse().unwrap());
        RouteTable::new(&routes.iter().map(route).collect::<Vec<_>>())
    }

    #[test]
    fn finds_routes_by_method_and_path() {
        let table = table(&[
            ("new", "POST /orders/"),
            ("one", "GET /orders/{id}"),
            ("rest", "/{*all}"),
        ]);
        let find = |method: Method, path: &str| table.as_ref().unwrap().find(&method, path);
        assert!(matches!(
            find(Method::POST, "/orders"),
            Found::Route { number: 0, .. }
        ));
        assert!(matches!(
            find(Method::POST, "/orders/"),
            Found::Route { number: 0, .. }
        ));
        let Found::Route {
            number: 1,
            variables,
        } = find(Method::HEAD, "/orders/a%20b")
        else {
            panic!("no route");
        };
        assert_eq!(variables, [("id".into(), "a b".to_owned())]);
        assert!(matches!(
            find(Method::PUT, "/x/y"),
            Found::Route { number: 2, .. }
        ));
        let Found::NotAllowed { allow } = find(Method::PUT, "/orders/1") else {
            panic!("allowed");
        };
        assert_eq!(allow, "GET, HEAD, OPTIONS");
        assert!(matches!(
            find(Method::OPTIONS, "/orders"),
            Found::Options { .. }
        ));
        assert!(matches!(find(Method::GET, "/orders/%ff"), Found::Malformed));
    }

    #[test]
    fn clashes_are_found() {
        let clash = table(&[("a", "GET /x"), ("b", "GET, POST /x/")])
            .err()
            .unwrap();
        assert_eq!(clash, "the routes `a` and `b` take the same requests");
        assert!(table(&[("a", "GET /x/{y}"), ("b", "GET /x/{z}/")]).is_err());
        assert!(table(&[("a", "GET /x"), ("b", "/x")]).is_ok());
        let reserved = table(&[("a", "GET /x/{*http}")]).err().unwrap();
        assert_eq!(reserved, "in the route `a`, `{http}` is a reserved name");
    }
}
