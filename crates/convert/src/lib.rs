//! Conversions for compysition: XML to JSON and back, character sets, and codecs, which find records in bytes
//! and write them.
//!
//! # XML and JSON
//!
//! In the way of Python's `xmltodict`:
//!
//!
//! | XML | JSON |
//! |---|---|
//! | `<a/>`, `<a></a>`, `<a>  </a>` | `{"a": null}` |
//! | `<a>x</a>` | `{"a": "x"}`: always a text, without the space around it |
//! | `<a id="1">x</a>` | `{"a": {"@id": "1", "#text": "x"}}` |
//! | `<a><b>1</b><b>2</b><c/></a>` | `{"a": {"b": ["1", "2"], "c": null}}` |
//! | `<p:a xmlns:p="u"/>` | `{"p:a": {"@xmlns:p": "u"}}`: names as they are written |
//! | comments, processing instructions, document types | nothing |
//!
//! XML has one root with a name; JSON need not. An object with one key becomes the root of that name. Any
//! other value, and an object whose one key holds a list or begins with `@` or `#`, goes into a root
//! `jsonified_envelope`, which is taken off again on the way back; `null` and `{}` become `<root/>`, no XML
//! at all becomes `{}`. A text that is itself an XML element is embedded as that. [`ToXml`] and [`ToJson`] have the
//! choices: another name for that root, no embedding, names that are always lists.
//!
//! Bytes become text by the encoding that they declare ([`xml_text`], [`Charset`]).
//!
//! What differs from `xmltodict`:
//! * A list as a whole, and a list within a list, keeps its shape: its items are named like the element
//!   that holds them. (`xmltodict` writes Python's own notation, or two roots.)
//! * A key that is no XML name, a text with characters that XML cannot hold, and an object where an
//!   attribute's value is wanted are errors. (`xmltodict` writes what no parser reads.)
//! * A line break in an attribute or a carriage return in a text is written as a reference, so that it
//!   comes back.
//! * More than 256 levels are an error, as are entities that a document declares itself.
//!
//! What no way back restores: numbers and truth values are texts afterwards, the empty text and the empty
//! list or object are `null` or gone, space around texts is gone, and an object whose only key is
//! `jsonified_envelope` is taken for an envelope.
//!
//! # Codecs
//!
//! A [`Codec`] tells how records stand in bytes: text, lines, JSON, lines of JSON, CSV, MessagePack, elements of
//! XML. Its [`Decoder`] takes bytes a chunk at a time and keeps no more than one record, so that a source can
//! read what does not fit into memory; its [`Encoder`] writes them. Neither knows where the bytes come from.

mod chars;
mod codec;
mod element;
mod encoding;
mod json_to_xml;
mod xml_to_json;

pub use chars::is_name as is_xml_name;
pub use codec::{Ascii, Codec, Csv, Decoder, Encoder, Header, JsonStyle, Text, XmlElements};
pub use element::root_element;
pub use encoding::{Charset, xml_text};
pub use json_to_xml::{ToXml, json_to_xml};
pub use xml_to_json::{ToJson, xml_to_json};

/// The root of XML that was made of JSON without one.
pub const ENVELOPE: &str = "jsonified_envelope";

/// Deeper than this is refused, both ways; it is what libxml2 allows too.
const MAX_DEPTH: usize = 256;
