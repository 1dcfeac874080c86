//! XML in a form in which equal documents are equal.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// How deep lines are indented at most: what is deeper need not be looked at, and would take room without end.
const DEEPEST: usize = 40;

fn margin(depth: usize) -> usize {
    depth.min(DEEPEST) * 2
}

/// Returns a document as lines, one for each start, text and end: names with their namespaces, attributes in
/// order, without comments, and without white space between elements.
pub(crate) fn canonical(text: &str) -> Result<Vec<String>, String> {
    let mut reader = NsReader::from_str(text);
    let mut lines = Vec::new();
    let mut depth = 0_usize;
    let mut content = String::new();
    let mut roots = 0;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Text(text) => content.push_str(&text.decode().map_err(|e| e.to_string())?),
            Event::CData(data) => content.push_str(&data.decode().map_err(|e| e.to_string())?),
            Event::GeneralRef(name) => content.push_str(&reference(&name)?),
            Event::Start(_) | Event::Empty(_) | Event::End(_) | Event::Eof => {
                if !content.trim().is_empty() {
                    let escaped = quick_xml::escape::escape(content.as_str());
                    let line = escaped.replace('\r', "").replace('\n', "&#10;");
                    lines.push(format!("{:1$}{line}", "", margin(depth)));
                }
                content.clear();
                match event {
                    Event::Start(start) => {
                        roots += usize::from(depth == 0);
                        lines.push(opened(&reader, &start, depth)?);
                        depth += 1;
                    }
                    Event::Empty(start) => {
                        roots += usize::from(depth == 0);
                        lines.push(opened(&reader, &start, depth)?);
                        lines.push(format!("{:1$}</>", "", margin(depth)));
                    }
                    Event::End(_) => {
                        depth = depth.saturating_sub(1);
                        lines.push(format!("{:1$}</>", "", margin(depth)));
                    }
                    _ => break,
                }
            }
            _ => {}
        }
    }
    match (depth, roots) {
        (0, 1) => Ok(lines),
        (0, _) => Err("there is not exactly one element around all".into()),
        _ => Err("an element is not closed".into()),
    }
}

fn reference(name: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(c) = name.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(c.to_string());
    }
    let name = name.decode().map_err(|error| error.to_string())?;
    let known = quick_xml::escape::resolve_predefined_entity(&name);
    known
        .map(str::to_owned)
        .ok_or_else(|| format!("unknown entity `{name}`"))
}

fn opened(
    reader: &NsReader<&[u8]>,
    start: &BytesStart<'_>,
    depth: usize,
) -> Result<String, String> {
    let (namespace, local) = reader.resolver().resolve_element(start.name());
    let name = qualified(&namespace, local.as_ref());
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, local) = reader.resolver().resolve_attribute(attribute.key);
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?;
        let value = quick_xml::escape::escape(value.as_ref());
        attributes.push(format!(
            " {}=\"{value}\"",
            qualified(&namespace, local.as_ref())
        ));
    }
    attributes.sort();
    Ok(format!(
        "{:2$}<{name}{}>",
        "",
        attributes.concat(),
        margin(depth)
    ))
}

fn qualified(namespace: &ResolveResult<'_>, local: &[u8]) -> String {
    let local = String::from_utf8_lossy(local);
    match namespace {
        ResolveResult::Bound(uri) => format!("{{{}}}{local}", String::from_utf8_lossy(uri.0)),
        _ => local.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        canonical(a).unwrap() == canonical(b).unwrap()
    }

    #[test]
    fn what_does_not_count_does_not_count() {
        assert!(same(
            "<?xml version='1.0'?><a:x xmlns:a='u' b='1' c='2'><y/></a:x>",
            "<x xmlns='u' c='2' b='1'>\n  <!-- no --><y xmlns=''></y>\n</x>"
        ));
        assert!(same("<a>x &amp; y</a>", "<a><![CDATA[x & y]]></a>"));
        assert!(same("<a>&#65;</a>", "<a>A</a>"));
    }

    #[test]
    fn what_is_deep_takes_no_more_room_than_it_has() {
        let depth = 20_000;
        let text = format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        let length: usize = canonical(&text).unwrap().iter().map(String::len).sum();
        assert!(length < text.len() * 30, "{length}");
    }

    #[test]
    fn what_counts_counts() {
        assert!(!same("<a/>", "<a xmlns='u'/>"));
        assert!(!same("<a b='1'/>", "<a b='2'/>"));
        assert!(!same("<a>x</a>", "<a> x</a>"));
        assert!(!same("<a><b/><c/></a>", "<a><c/><b/></a>"));
        for wrong in ["", "<a>", "text", "<a/><b/>", "<a>&no;</a>", "<a b></a>"] {
            assert!(canonical(wrong).is_err(), "{wrong}");
        }
    }
}
