//! The versions of SOAP.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A version of SOAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "Value")]
#[schemars(!try_from)]
pub enum SoapVersion {
    /// SOAP 1.1.
    #[serde(rename = "1.1")]
    V11,
    /// SOAP 1.2.
    #[serde(rename = "1.2")]
    V12,
}

impl SoapVersion {
    /// Both, the older first.
    pub(crate) const ALL: [SoapVersion; 2] = [SoapVersion::V11, SoapVersion::V12];

    /// Returns the number.
    pub fn as_str(self) -> &'static str {
        match self {
            SoapVersion::V11 => "1.1",
            SoapVersion::V12 => "1.2",
        }
    }

    /// Returns the namespace of the envelope.
    pub fn namespace(self) -> &'static str {
        match self {
            SoapVersion::V11 => "http://schemas.xmlsoap.org/soap/envelope/",
            SoapVersion::V12 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// Returns the attribute of a header that says who it is for, and the value that means whoever comes next.
    pub(crate) fn target(self) -> (&'static str, &'static str) {
        match self {
            SoapVersion::V11 => ("actor", "http://schemas.xmlsoap.org/soap/actor/next"),
            SoapVersion::V12 => ("role", "http://www.w3.org/2003/05/soap-envelope/role/next"),
        }
    }

    /// Returns the media type of a message.
    pub(crate) fn content_type(self, action: Option<&str>) -> String {
        match (self, action) {
            (SoapVersion::V11, _) => "text/xml; charset=utf-8".to_owned(),
            (SoapVersion::V12, None) => "application/soap+xml; charset=utf-8".to_owned(),
            (SoapVersion::V12, Some(action)) => {
                let action = action.replace(['"', '\\'], "");
                format!("application/soap+xml; charset=utf-8; action=\"{action}\"")
            }
        }
    }
}

/// Text, or a number: in YAML `1.1` is one.
impl TryFrom<Value> for SoapVersion {
    type Error = String;

    fn try_from(value: Value) -> Result<SoapVersion, String> {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let found = SoapVersion::ALL.into_iter();
        let mut found = found.filter(|version| version.as_str() == text);
        found
            .next()
            .ok_or_else(|| format!("`{text}` is no version of SOAP; there are 1.1 and 1.2"))
    }
}
