//! Messages of SOAP, taken out of their envelopes and put into them.

mod envelope;
mod unwrap;
mod version;
mod wrap;

pub use unwrap::SoapUnwrap;
pub use version::SoapVersion;
pub use wrap::SoapWrap;

/// The attribute that tells what is known of the envelope.
const SOAP: &str = "soap";
