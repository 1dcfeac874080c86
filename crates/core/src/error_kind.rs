//! The kinds of errors: what an error means to retry rules, error routes and clients.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $kind:ident $name:literal)*) => {
        /// Says what sort of error it is; flow files name it in snake case (`x.error.not_found`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[doc = $doc])* $kind,)* }

        impl ErrorKind {
            /// All kinds, in the order of the manual.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$kind,)*];

            /// Returns the name that flow files use.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorKind::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// The data is not what it claims to be, or breaks its schema.
    Malformed "malformed"
    /// Credentials are missing or wrong.
    Unauthorized "unauthorized"
    /// Credentials are good, but do not allow this.
    Forbidden "forbidden"
    /// What is asked for does not exist.
    NotFound "not_found"
    /// The operation is not offered for this resource.
    NotAllowed "not_allowed"
    /// No representation that the client accepts can be made.
    NotAcceptable "not_acceptable"
    /// The state of the resource forbids it now.
    Conflict "conflict"
    /// What is asked for existed once.
    Gone "gone"
    /// More data than is allowed.
    TooLarge "too_large"
    /// Data of a type that is not taken here.
    UnsupportedMedia "unsupported_media"
    /// Well-formed data that makes no sense.
    Unprocessable "unprocessable"
    /// Too many requests in too little time.
    RateExceeded "rate_exceeded"
    /// Nothing changed since the client last asked.
    NotModified "not_modified"
    /// It took too long.
    Timeout "timeout"
    /// A peer cannot be reached or is overloaded; later it may work.
    Unavailable "unavailable"
    /// A peer gave an answer that cannot be used.
    BadGateway "bad_gateway"
    /// The request was called off before the work was done.
    Cancelled "cancelled"
    /// A cap of the flow (hops, live events or bytes) was exceeded.
    Exceeded "exceeded"
    /// The actor panicked.
    Panicked "panicked"
    /// Any other fault of the program or its configuration.
    Internal "internal"
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Tells that a name is no kind of error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownErrorKind(pub String);

impl fmt::Display for UnknownErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no kind of error; there are ", self.0)?;
        for (i, kind) in ErrorKind::ALL.iter().enumerate() {
            write!(f, "{}{kind}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownErrorKind {}

impl FromStr for ErrorKind {
    type Err = UnknownErrorKind;

    fn from_str(name: &str) -> Result<ErrorKind, UnknownErrorKind> {
        ErrorKind::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| UnknownErrorKind(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for kind in ErrorKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        let message = "nope".parse::<ErrorKind>().unwrap_err().to_string();
        assert!(message.starts_with("`nope` is no kind of error; there are malformed, "));
    }
}
