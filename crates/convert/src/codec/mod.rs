//! Records in bytes, both ways, a chunk at a time.

mod choice;
mod csv;
mod decoder;
mod encoder;
mod form;
mod frame;
mod json;
mod lines;
mod msgpack;
mod tokens;
mod xml;

pub use choice::Codec;
pub use csv::{Ascii, Csv, Header};
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use json::JsonStyle;
pub use lines::Text;
pub use xml::XmlElements;
