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
}

impl TryFrom<String> for ErrorBody {
    type Error = String;

    fn try_from(name: String) -> Result<ErrorBody, String> {
        match name.as_str() {
            "envelope" => Ok(ErrorBody::Envelope),
            "problem" => Ok(ErrorBody::Problem),
            "soap11" => {
                Err("`soap11` is not yet available; there are `envelope` and `problem`".into())
            }
            _ => Err(format!(
                "`{name}` is no style of errors; there are `envelope` and `problem`"
            )),
        }
    }
}
