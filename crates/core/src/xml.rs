//! XML whose tree belongs to a library that core does not know.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::json::TREE_FACTOR;
use crate::{Error, Result};

/// A parsed XML document of some library, kept in the type-erased slot of an [`Xml`].
pub trait XmlTree: Any + Send + Sync {
    /// Writes the document out as text.
    ///
    /// # Errors
    /// Malformed, if the document cannot be written as UTF-8 text.
    fn to_text(&self) -> Result<String>;
}

/// Holds XML as text, as a tree, or as both; whichever is missing is made when first asked for and
/// kept for the next actor.
#[derive(Clone)]
pub struct Xml(Arc<Inner>);

struct Inner {
    text: OnceLock<Arc<str>>,
    tree: OnceLock<Arc<dyn XmlTree>>,
    size: usize,
}

impl Xml {
    /// Takes XML as text, unparsed and unchecked.
    pub fn from_text(text: impl Into<Arc<str>>) -> Xml {
        let text = text.into();
        Xml(Arc::new(Inner {
            size: text.len(),
            text: OnceLock::from(text),
            tree: OnceLock::new(),
        }))
    }

    /// Takes XML as a tree, with the length that its text has or may have.
    pub fn from_tree(tree: Arc<dyn XmlTree>, text_length: usize) -> Xml {
        Xml(Arc::new(Inner {
            size: TREE_FACTOR * text_length,
            text: OnceLock::new(),
            tree: OnceLock::from(tree),
        }))
    }

    /// Takes XML as both text and tree, which must say the same.
    pub fn from_both(text: impl Into<Arc<str>>, tree: Arc<dyn XmlTree>) -> Xml {
        let text = text.into();
        Xml(Arc::new(Inner {
            size: (1 + TREE_FACTOR) * text.len(),
            text: OnceLock::from(text),
            tree: OnceLock::from(tree),
        }))
    }

    /// Returns the text.
    ///
    /// # Errors
    /// Malformed, if the tree cannot be written as UTF-8 text.
    pub fn text(&self) -> Result<&str> {
        if let Some(text) = self.0.text.get() {
            return Ok(text);
        }
        let text = match self.0.tree.get() {
            Some(tree) => tree.to_text()?,
            None => String::new(),
        };
        Ok(self.0.text.get_or_init(|| text.into()))
    }

    /// Returns the tree of type `T`, parsing the text if there is none yet.
    ///
    /// # Errors
    /// What `parse` returns; internal, if the slot holds another library's tree.
    pub fn tree<T: XmlTree>(&self, parse: impl FnOnce(&str) -> Result<T>) -> Result<&T> {
        if self.0.tree.get().is_none() {
            let tree = parse(self.text()?)?;
            self.0.tree.get_or_init(|| Arc::new(tree));
        }
        let slot: Option<&dyn Any> = self.0.tree.get().map(|tree| &**tree as &dyn Any);
        slot.and_then(|tree| tree.downcast_ref())
            .ok_or_else(|| Error::internal("the XML tree belongs to another library"))
    }

    /// Returns whether a tree of type `T` is there already.
    pub fn has_tree<T: XmlTree>(&self) -> bool {
        let slot: Option<&dyn Any> = self.0.tree.get().map(|tree| &**tree as &dyn Any);
        slot.is_some_and(|tree| tree.is::<T>())
    }

    pub(crate) fn size(&self) -> usize {
        self.0.size
    }
}

impl fmt::Debug for Xml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().unwrap_or("?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Upper(String);
    impl XmlTree for Upper {
        fn to_text(&self) -> Result<String> {
            Ok(self.0.clone())
        }
    }

    #[test]
    fn keeps_the_tree_for_the_next_actor() {
        let xml = Xml::from_text("<a/>");
        let copy = xml.clone();
        let tree = |text: &str| Ok(Upper(text.to_uppercase()));
        assert_eq!(xml.tree(tree).unwrap().0, "<A/>");
        let again = copy.tree::<Upper>(|_| Err(Error::internal("parsed twice")));
        assert_eq!(again.unwrap().0, "<A/>");
    }

    #[test]
    fn a_tree_alone_is_written_when_asked() {
        let xml = Xml::from_tree(Arc::new(Upper("<B/>".into())), 4);
        assert_eq!(xml.text().unwrap(), "<B/>");
    }
}
