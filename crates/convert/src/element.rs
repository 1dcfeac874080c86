//! The root of a document, to be put into another.

use compysition_core::{Error, Result};
use quick_xml::Reader;
use quick_xml::events::Event;

/// Returns the root element of a document, without what stands around it: declaration, document type,
/// comments.
///
/// # Errors
/// Malformed, if there is none, or it does not end.
///
/// ```
/// let document = "<?xml version='1.0'?><!-- one --><a><b/></a>\n";
/// assert_eq!(compysition_convert::root_element(document)?, "<a><b/></a>");
/// # Ok::<(), compysition_core::Error>(())
/// ```
pub fn root_element(xml: &str) -> Result<&str> {
    let broken = |error: quick_xml::Error| Error::malformed(format!("this is no XML: {error}"));
    let mut reader = Reader::from_str(xml);
    loop {
        let begin = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(broken)?;
        match event {
            Event::Start(tag) => {
                let name = tag.name().into_inner().to_owned();
                let name = quick_xml::name::QName(&name);
                reader.read_to_end(name).map_err(broken)?;
            }
            Event::Empty(_) => {}
            Event::Text(text) if !text.trim_ascii().is_empty() => {
                return Err(Error::malformed("this is no XML: it begins with text"));
            }
            Event::Eof => return Err(Error::malformed("this is no XML: there is no element")),
            _ => continue,
        }
        let end = reader.buffer_position() as usize;
        return Ok(&xml[begin..end]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_document_is_refused() {
        for text in ["", "text", "<a>", "<!-- only -->", "<a></b>", "text <a/>"] {
            assert!(root_element(text).is_err(), "{text}");
        }
    }

    #[test]
    fn elements_of_its_own_name_may_be_within() {
        let xml = "<!DOCTYPE a>\n<a x='1'><a><a/></a>ä</a><!-- end -->";
        assert_eq!(root_element(xml).unwrap(), "<a x='1'><a><a/></a>ä</a>");
    }
}
