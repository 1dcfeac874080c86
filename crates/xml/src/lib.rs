//! XSLT and XPath for compysition: a thin binding to libxml2 and libxslt.

mod compiler;
mod document;
mod error;
mod limits;
mod output;
mod policy;
mod qualify;
mod sink;
mod stylesheet;
mod sys;
mod text;
mod value;
mod xpath;

pub use compiler::Compiler;
pub use document::Document;
pub use error::XmlError;
pub use limits::Limits;
pub use output::{Method, Output};
pub use stylesheet::Stylesheet;
pub use value::Value;
pub use xpath::XPath;
