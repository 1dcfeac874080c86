//! `${…}` in text.

/// A piece of a text that may have references in it.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    Reference(Reference<'a>),
}

/// One `${…}`.
#[derive(Debug, PartialEq)]
pub(crate) struct Reference<'a> {
    pub(crate) what: What,
    pub(crate) name: &'a str,
    pub(crate) default: Option<&'a str>,
    /// Where it begins in the text, and how many characters it takes.
    pub(crate) place: (usize, usize),
}

#[derive(Debug, PartialEq, Clone, Copy)]
pub(crate) enum What {
    /// `${name}`: a setting, or a variable of the environment.
    Setting,
    /// `${secret:NAME}`.
    Secret,
    /// `${file:PATH}`.
    File,
}

/// Says what is wrong with a reference, and where: first character and number of characters.
#[derive(Debug, PartialEq)]
pub(crate) struct BadReference {
    pub(crate) message: String,
    pub(crate) place: (usize, usize),
}

/// Cuts a text into its pieces. `$${` is a plain `${`.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, BadReference> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        if let Some(kept) = before.strip_suffix('$') {
            pieces.extend([Piece::Text(kept), Piece::Text("${")]);
            rest = &from[2..];
            continue;
        }
        let at = text[..text.len() - from.len()].chars().count();
        let Some(end) = end(from) else {
            let message = "the `${` has no `}`; write `$${` for the text itself".to_owned();
            return Err(BadReference {
                message,
                place: (at, 2),
            });
        };
        let whole = &from[..end];
        let place = (at, whole.chars().count());
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let reference = reference(&whole[2..end - 1], place);
        pieces.push(Piece::Reference(
            reference.map_err(|message| BadReference { message, place })?,
        ));
        rest = &from[end..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// Returns where the reference that text begins with ends; a default may have references in it.
fn end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(index + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn reference(inner: &str, place: (usize, usize)) -> Result<Reference<'_>, String> {
    let (inner, default) = match inner.split_once(":-") {
        Some((inner, default)) => (inner, Some(default)),
        None => (inner, None),
    };
    let (what, name) = match inner.split_once(':') {
        None => (What::Setting, inner),
        Some(("secret", name)) => (What::Secret, name),
        Some(("file", path)) => (What::File, path),
        Some((other, _)) => {
            let message = "there are ${name}, ${name:-default}, ${secret:NAME} and ${file:PATH}";
            return Err(format!("`{other}:` means nothing here; {message}"));
        }
    };
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || (what != What::File && !name.chars().all(of_name)) {
        return Err(format!("`{name}` is no name of a setting"));
    }
    Ok(Reference {
        what,
        name,
        default,
        place,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_references() {
        let reference = |what, name, default, place| {
            Piece::Reference(Reference {
                what,
                name,
                default,
                place,
            })
        };
        assert_eq!(pieces("$5 {a}"), Ok(vec![Piece::Text("$5 {a}")]));
        assert_eq!(
            pieces("ü${a}b${secret:C}"),
            Ok(vec![
                Piece::Text("ü"),
                reference(What::Setting, "a", None, (1, 4)),
                Piece::Text("b"),
                reference(What::Secret, "C", None, (6, 11)),
            ])
        );
        assert_eq!(
            pieces("${a:-x${b}}"),
            Ok(vec![reference(What::Setting, "a", Some("x${b}"), (0, 11))])
        );
        assert_eq!(
            pieces("$${a}"),
            Ok(vec![Piece::Text(""), Piece::Text("${"), Piece::Text("a}")])
        );
        assert_eq!(pieces("x${a").unwrap_err().place, (1, 2));
        assert!(pieces("${}").is_err() && pieces("${a b}").is_err() && pieces("${env:A}").is_err());
    }
}
