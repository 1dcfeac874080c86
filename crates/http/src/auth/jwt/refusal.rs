//! What is said to who may not come in (RFC 6750 §3).

use compysition_core::{Error, ErrorKind};

use crate::auth::challenge::quoted;

/// Why somebody may not come in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no token. Then the challenge tells no error.
    NoToken,
    BadToken(String),
    /// The token is good, but not for this; names the scope that is needed, if it is a scope.
    NotEnough {
        message: String,
        scope: Option<String>,
    },
}

impl Refusal {
    pub(crate) fn bad(message: impl Into<String>) -> Refusal {
        Refusal::BadToken(message.into())
    }

    /// Makes the error that a door answers with 401 or 403 and a challenge.
    pub(crate) fn into_error(self, realm: &str) -> Error {
        let realm = quoted(realm);
        let (kind, message, challenge) = match self {
            Refusal::NoToken => (
                ErrorKind::Unauthorized,
                "the request has no bearer token".to_owned(),
                format!("Bearer realm={realm}"),
            ),
            Refusal::BadToken(message) => {
                let description = quoted(&message);
                let challenge = format!(
                    "Bearer realm={realm}, error=\"invalid_token\", error_description={description}"
                );
                (ErrorKind::Unauthorized, message, challenge)
            }
            Refusal::NotEnough { message, scope } => {
                let scope = scope.map(|scope| format!(", scope={}", quoted(&scope)));
                let challenge = format!(
                    "Bearer realm={realm}, error=\"insufficient_scope\"{}",
                    scope.unwrap_or_default()
                );
                (ErrorKind::Forbidden, message, challenge)
            }
        };
        Error::new(kind, message).with_detail("challenge", challenge)
    }
}
