//! What a token must claim.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::refusal::Refusal;
use super::token::Claims;

/// What a token must claim.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Whose tokens are good; anybody's if empty.
    pub(crate) issuer: Vec<String>,
    /// For whom tokens must be; for nobody in particular if empty.
    pub(crate) audience: Vec<String>,
    pub(crate) leeway: Duration,
    pub(crate) required: Vec<String>,
    /// All of these are needed.
    pub(crate) scope: Vec<String>,
    /// One of these is needed.
    pub(crate) roles: Vec<String>,
    pub(crate) roles_claim: String,
}

impl Rules {
    /// Checks what a token claims now.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub(crate) fn check(&self, claims: &Claims) -> Result<(), Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        self.check_at(claims, now.unwrap_or_default().as_secs_f64())
    }

    fn check_at(&self, claims: &Claims, now: f64) -> Result<(), Refusal> {
        for name in &self.required {
            if claims.get(name).is_none_or(Value::is_null) {
                return Err(Refusal::bad(format!(
                    "the token does not have the claim {name}"
                )));
            }
        }
        let leeway = self.leeway.as_secs_f64();
        if time(claims, "exp")?.is_some_and(|end| now >= end + leeway) {
            return Err(Refusal::bad("the token has expired"));
        }
        if time(claims, "nbf")?.is_some_and(|start| now + leeway < start) {
            return Err(Refusal::bad("the token is not good yet"));
        }
        self.check_parties(claims)?;
        self.check_scope(claims)?;
        self.check_roles(claims)
    }

    fn check_parties(&self, claims: &Claims) -> Result<(), Refusal> {
        let issuer = claims.get("iss").and_then(Value::as_str);
        let is_known = issuer.is_some_and(|issuer| self.issuer.iter().any(|own| own == issuer));
        if !self.issuer.is_empty() && !is_known {
            return Err(Refusal::bad("the token is of another issuer"));
        }
        // A token that names its audience must not be taken by others (RFC 7519 §4.1.3).
        let is_addressed = claims.get("aud").is_some_and(|aud| !aud.is_null());
        let is_ours =
            texts(claims.get("aud")).any(|one| self.audience.iter().any(|own| own == one));
        if (is_addressed || !self.audience.is_empty()) && !is_ours {
            return Err(Refusal::bad("the token is for another audience"));
        }
        Ok(())
    }

    fn check_scope(&self, claims: &Claims) -> Result<(), Refusal> {
        // `scp` is what some issuers call it.
        let granted = claims.get("scope").or_else(|| claims.get("scp"));
        let has = |wanted: &String| {
            texts(granted)
                .flat_map(str::split_ascii_whitespace)
                .any(|one| one == wanted)
        };
        if self.scope.iter().all(has) {
            return Ok(());
        }
        let scope = self.scope.join(" ");
        let message = format!("the token does not have the scope that is needed: {scope}");
        Err(Refusal::NotEnough {
            message,
            scope: Some(scope),
        })
    }

    fn check_roles(&self, claims: &Claims) -> Result<(), Refusal> {
        let mut granted = texts(find(claims, &self.roles_claim));
        if self.roles.is_empty() || granted.any(|role| self.roles.iter().any(|own| own == role)) {
            return Ok(());
        }
        let message = "the token does not have a role that is needed".to_owned();
        Err(Refusal::NotEnough {
            message,
            scope: None,
        })
    }
}

/// Returns a time in seconds since 1970.
fn time(claims: &Claims, name: &str) -> Result<Option<f64>, Refusal> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64().filter(|time| time.is_finite()) {
            Some(time) => Ok(Some(time)),
            None => Err(Refusal::bad(format!(
                "the claim {name} of the token is no time"
            ))),
        },
    }
}

/// Returns a text, or the texts of a list.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let values = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    values.iter().filter_map(Value::as_str)
}

/// Returns a claim by its name, which may have dots in it, or by a path.
fn find<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let mut names = path.split('.');
    let first = claims.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn says(rules: &Rules, claims: Value) -> String {
        let claims = claims.as_object().unwrap();
        match rules.check_at(claims, 1000.0) {
            Ok(()) => "good".into(),
            Err(Refusal::BadToken(message)) => message,
            Err(Refusal::NotEnough { message, .. }) => format!("forbidden: {message}"),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn times_have_a_leeway() {
        let rules = Rules {
            leeway: Duration::from_secs(10),
            required: vec!["exp".into()],
            ..Rules::default()
        };
        let says = |claims| says(&rules, claims);
        assert_eq!(says(json!({"exp": 1000})), "good");
        assert_eq!(says(json!({"exp": 990.5})), "good");
        assert_eq!(says(json!({"exp": 990})), "the token has expired");
        assert_eq!(says(json!({"exp": 2000, "nbf": 1010})), "good");
        assert_eq!(
            says(json!({"exp": 2000, "nbf": 1011})),
            "the token is not good yet"
        );
        assert_eq!(says(json!({})), "the token does not have the claim exp");
        assert_eq!(
            says(json!({"exp": null})),
            "the token does not have the claim exp"
        );
        assert_eq!(
            says(json!({"exp": "2000"})),
            "the claim exp of the token is no time"
        );
    }

    #[test]
    fn issuer_and_audience_must_be_right() {
        let rules = Rules {
            issuer: vec!["a".into(), "b".into()],
            audience: vec!["us".into()],
            ..Rules::default()
        };
        assert_eq!(
            says(&rules, json!({"iss": "b", "aud": ["x", "us"]})),
            "good"
        );
        let other = "the token is of another issuer";
        assert_eq!(says(&rules, json!({"iss": "c", "aud": "us"})), other);
        assert_eq!(says(&rules, json!({"iss": ["a"], "aud": "us"})), other);
        assert_eq!(says(&rules, json!({"aud": "us"})), other);
        let others = "the token is for another audience";
        assert_eq!(says(&rules, json!({"iss": "a"})), others);
        assert_eq!(says(&rules, json!({"iss": "a", "aud": "use"})), others);
        assert_eq!(says(&Rules::default(), json!({"aud": "x"})), others);
        assert_eq!(says(&Rules::default(), json!({})), "good");
    }

    #[test]
    fn all_of_a_scope_and_one_of_the_roles_are_needed() {
        let rules = Rules {
            scope: vec!["read".into(), "write".into()],
            ..Rules::default()
        };
        assert_eq!(says(&rules, json!({"scope": "write x read"})), "good");
        assert_eq!(says(&rules, json!({"scp": ["write", "read"]})), "good");
        let missing = "forbidden: the token does not have the scope that is needed: read write";
        for claims in [
            json!({"scope": "read"}),
            json!({"scope": "readwrite"}),
            json!({}),
        ] {
            assert_eq!(says(&rules, claims), missing);
        }
        let mut rules = Rules {
            roles: vec!["clerk".into(), "admin".into()],
            roles_claim: "realm_access.roles".into(),
            ..Rules::default()
        };
        assert_eq!(
            says(&rules, json!({"realm_access": {"roles": ["x", "admin"]}})),
            "good"
        );
        assert!(says(&rules, json!({"roles": ["admin"]})).starts_with("forbidden"));
        rules.roles_claim = "https://example.org/roles".into();
        assert_eq!(
            says(&rules, json!({"https://example.org/roles": "clerk"})),
            "good"
        );
    }
}
