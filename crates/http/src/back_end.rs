//! What an event knows of the response that an `http_client` got for it.

use compysition_core::Extension;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::exchange::Headers;

/// The name of the attribute.
pub(crate) const RESPONSE: &str = "response";

/// The status and headers of a back-end's response. They are not passed on to the client of a door,
/// unless the flow does so.
#[derive(Clone, Debug)]
pub struct BackEndResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
}

impl Extension for BackEndResponse {
    fn to_value(&self) -> Value {
        json!({ "status": self.status.as_u16(), "headers": Headers(&self.headers, None) })
    }
}
