//! The elements that an expression leads to, each copied when its turn comes.

use std::sync::Arc;

use compysition_core::{Error, Payload, Result, Xml};

use crate::made::LARGE;
use crate::malformed::malformed;
use crate::tree::{Tree, read};
use crate::xpath::Found;
use crate::{Document, XPath, sys};

/// More namespaces than this around a part are no document's of good will: each part takes them along.
const MOST_NAMESPACES: usize = 1_000;

/// Copies the elements that an expression leads to in a document, one after the other.
pub(crate) struct Parts {
    // Dropped first: it points into the document.
    found: Found,
    document: Xml,
    expression: Arc<XPath>,
    next: usize,
    count: usize,
}

impl Parts {
    /// Looks for the parts of a payload.
    ///
    /// # Errors
    /// Malformed, if it is not well-formed XML; unprocessable, if the expression leads to no nodes but to a value,
    /// or cannot be evaluated.
    pub(crate) fn of(payload: &Payload, expression: Arc<XPath>) -> Result<Parts> {
        let document = match payload {
            // A small document is kept for others who got the same event.
            Payload::Xml(xml) if xml.has_tree::<Tree>() || payload.size() <= LARGE => xml.clone(),
            other => {
                let document = read(other)?;
                let size = document.size();
                Xml::from_tree(Arc::new(Tree::from(document)), size)
            }
        };
        let found = document
            .tree(Tree::parse)?
            .with(|document| expression.search(document))
            .map_err(|error| Error::unprocessable(error.to_string()))?;
        // SAFETY: what was found lives; only nodes are counted.
        let count = unsafe {
            match sys::shim_object_kind(found.as_ptr()) {
                sys::NODES => sys::shim_object_length(found.as_ptr()),
                _ => {
                    return Err(Error::unprocessable(format!(
                        "`{}` leads to a value, and not to elements",
                        expression.expression()
                    )));
                }
            }
        };
        Ok(Parts {
            found,
            document,
            expression,
            next: 0,
            count,
        })
    }

    fn part(&self, index: usize) -> Result<Payload> {
        let found = self.found.as_ptr();
        let copied = self.document.tree(Tree::parse)?.with(|document| {
            // SAFETY: the nodes are of this document, which is ours for the moment; there are more than `index`,
            // and the copy is ours alone.
            unsafe {
                let around = sys::shim_object_namespaces_around(found, index);
                (around <= MOST_NAMESPACES)
                    .then(|| Document::own(sys::shim_object_part(found, index), document.size()))
                    .ok_or(around)
            }
        });
        let expression = self.expression.expression();
        let copied = copied.map_err(|around| {
            let message = format!(
                "around what `{expression}` leads to, {around} namespaces are declared, more than {MOST_NAMESPACES}"
            );
            Error::malformed(message)
        })?;
        let part = copied.ok_or_else(|| {
            Error::unprocessable(format!("`{expression}` leads to what is no element"))
        })?;
        // The text tells how large it is, and its own size, not the whole document's, is what counts from now on.
        let text = part.to_text().map_err(malformed)?;
        Ok(Xml::from_both(text, Arc::new(Tree::from(part))).into())
    }
}

impl Iterator for Parts {
    type Item = Result<Payload>;

    fn next(&mut self) -> Option<Result<Payload>> {
        let index = self.next;
        (index < self.count).then(|| {
            self.next += 1;
            self.part(index)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Parts {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use compysition_core::ErrorKind;

    use super::*;

    /// Mutated documents end well or in an error; the seed makes a failure come again.
    #[test]
    fn hostile_documents_are_split_or_refused() {
        const SEED: u64 = 0x5eed;
        let whole = "<!DOCTYPE a [<!ENTITY e 'x'>]>\
            <a xmlns='urn:o' xmlns:t='urn:t'><b t:c='&e;'>é<![CDATA[<]]></b><t:b><b/><!-- c --><?p i?></t:b></a>";
        let mut random = SEED;
        let mut next = |below: usize| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) as usize % below.max(1)
        };
        let namespaces = BTreeMap::from([("o".to_owned(), "urn:o".to_owned())]);
        let path = XPath::new("//*[not(self::o:a)]", &namespaces).unwrap();
        let path = Arc::new(path);
        let (mut fine, mut wrong) = (0, 0);
        for _ in 0..100_000 {
            let mut bytes = whole.as_bytes().to_vec();
            for _ in 0..=next(3) {
                let at = next(bytes.len() - 1);
                match next(4) {
                    0 => bytes.truncate(at + 2),
                    1 => bytes[at] = next(256) as u8,
                    2 if bytes.len() > 2 => _ = bytes.remove(at),
                    _ => {
                        let piece = bytes[at..(at + next(20)).min(bytes.len())].to_vec();
                        _ = bytes.splice(at..at, piece);
                    }
                }
            }
            match Parts::of(&Payload::from(bytes), path.clone()) {
                Ok(parts) => {
                    for part in parts {
                        assert!(Document::parse(part.unwrap().text().unwrap()).is_ok());
                        fine += 1;
                    }
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
                    wrong += 1;
                }
            }
        }
        assert!(fine > 10_000 && wrong > 10_000, "{fine} {wrong}");
    }
}
