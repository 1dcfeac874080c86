//! Where in a text of JSON a part of it stands.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// Returns the line and the column, from 1, of what a JSON Pointer (RFC 6901) leads to; none, if it leads nowhere.
pub(crate) fn locate(text: &str, pointer: &str) -> Option<(u32, u32)> {
    let mut part = text.trim_start();
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        part = match part.starts_with('[') {
            true => {
                let items: Vec<&RawValue> = serde_json::from_str(part).ok()?;
                items.get(token.parse::<usize>().ok()?)?.get()
            }
            false => {
                let members: HashMap<String, &RawValue> = serde_json::from_str(part).ok()?;
                members.get(&token)?.get()
            }
        };
    }
    // What was found is a part of the text itself.
    let before = text.get(..(part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?)?;
    let line = before.matches('\n').count() as u32 + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count() as u32
        + 1;
    Some((line, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_a_line_and_a_column() {
        let text = "{\n  \"a\": [1, {\"ü/b\": true}],\n  \"c\": 2\n}";
        for (pointer, place) in [
            ("", Some((1, 1))),
            ("/a", Some((2, 8))),
            ("/a/1", Some((2, 12))),
            ("/a/1/ü~1b", Some((2, 20))),
            ("/c", Some((3, 8))),
            ("/a/2", None),
            ("/a/x", None),
            ("/d", None),
            ("/c/e", None),
        ] {
            assert_eq!(locate(text, pointer), place, "{pointer}");
        }
        assert_eq!(locate("no JSON", "/a"), None);
    }
}
