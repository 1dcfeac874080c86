//! The choices that an `http_server` offers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Says what a client waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerMode {
    /// For the flow's answer.
    #[default]
    Flow,
    /// For nothing: 202 as soon as the request is admitted.
    Accepted,
    /// Until all of the request has reached an end: 204 when it was delivered, 202 when it was kept in the
    /// dead letters, the status of the error when it failed.
    Delivered,
}

/// Says what becomes of a request when its client goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDisconnect {
    /// It is carried out all the same.
    Finish,
    /// What of it is not yet done is left undone.
    Cancel,
}

/// Says what the bodies of errors look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", rename_all = "snake_case")]
#[schemars(!try_from, rename_all = "snake_case")]
pub enum ErrorBody {
    /// `{"errors": [{"message": …, "code": …}]}`, or the same in XML.
    #[default]
    Envelope,
    /// Problem details as RFC 9457 has them.
    Problem,
    /// A fault of SOAP 1.1, with status 500 unless the status says what to do at the level of HTTP.
    Soap11,
    /// A fault of SOAP 1.2, with status 400 or 500 unless the status says what to do at the level of HTTP.
    Soap12,
}

impl TryFrom<String> for ErrorBody {
    type Error = String;

    fn try_from(name: String) -> Result<ErrorBody, String> {
        match name.as_str() {
            "envelope" => Ok(ErrorBody::Envelope),
            "problem" => Ok(ErrorBody::Problem),
            "soap11" => Ok(ErrorBody::Soap11),
            "soap12" => Ok(ErrorBody::Soap12),
            _ => Err(format!(
                "`{name}` is no style of errors; there are `envelope`, `problem`, `soap11` and `soap12`"
            )),
        }
    }
}
