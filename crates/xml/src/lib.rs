//! XSLT, XSD and XPath for compysition: a thin binding to libxml2 and libxslt, and the actors made of it.
//!
//! * [`Stylesheet`] transforms a [`Document`] into an [`Output`]; a [`Compiler`] makes stylesheets that may
//!   read more than themselves, and [`Limits`] end what would not end.
//! * [`XPath`] evaluates an expression on a document; [`evaluate`] does so on an event's payload,
//!   and [`add_functions`] gives expressions `xpath()`.
//! * [`Schema`] tells what is wrong with a document.
//! * [`Xslt`], [`Xsd`], [`XmlSplit`], [`SoapUnwrap`] and [`SoapWrap`] are the actors; [`register`] lists all actors of this crate for flow files.
//!
//! Documents are taken to be hostile: they are bounded in depth and growth, and nothing outside of them is
//! read. Stylesheets and expressions are taken to be the user's own: they may compute at length (within
//! limits), but read only what their configuration allows, and write nothing. The libraries are set up for
//! that once per process; another user of libxml2 in the same process meets the same guards.

#[cfg(feature = "rust-allocator")]
mod allocator;
mod compiler;
mod document;
mod error;
mod functions;
mod limits;
mod made;
mod malformed;
mod output;
mod parameter;
mod parts;
mod policy;
mod qualify;
mod schema;
mod sink;
mod soap;
mod stylesheet;
mod sys;
mod template;
mod text;
mod tree;
mod value;
mod xml_split;
mod xpath;
mod xsd;
mod xslt;

pub use compiler::Compiler;
pub use document::Document;
pub use error::XmlError;
pub use functions::add_functions;
pub use limits::Limits;
pub use output::{Method, Output};
pub use parameter::Parameter;
pub use schema::Schema;
pub use soap::{SoapUnwrap, SoapVersion, SoapWrap};
pub use stylesheet::Stylesheet;
pub use template::{Place, Reached, Template};
pub use tree::{Tree, evaluate};
pub use value::Value;
pub use xml_split::XmlSplit;
pub use xpath::XPath;
pub use xsd::Xsd;
pub use xslt::Xslt;

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry
        .add::<Xslt>("xslt")
        .alias("transformer", "xslt")
        .add::<Xsd>("xsd")
        .add::<XmlSplit>("xml_split")
        .add::<SoapUnwrap>("soap_unwrap")
        .add::<SoapWrap>("soap_wrap");
}
