//! The functions that expressions may call on XML.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use compysition_core::{Error, Result};
use compysition_expression::{Call, Functions};
use parking_lot::Mutex;
use serde_json::Value as JsonValue;

use crate::{XPath, evaluate};

/// More compiled expressions than this are forgotten: those of flow files are few, and those made from
/// events must not fill the memory.
const MOST_KEPT: usize = 256;

/// Adds `xpath(expression)`, which evaluates XPath 1.0 on the payload: nothing found is undefined, one
/// node a text, several a list; an element with elements in it is its markup. Prefixes are those of the
/// flow's `namespaces`; unprefixed steps take the document's default namespace.
pub fn add_functions(functions: Functions) -> Functions {
    let kept = Kept::default();
    functions.with_check(
        "xpath",
        |expression, surroundings| compile(expression, &surroundings.namespaces).map(|_| ()),
        move |call| xpath(call, &kept),
    )
}

type Namespaces = BTreeMap<String, String>;

/// The expressions compiled before, each with the namespaces that it was compiled with.
#[derive(Default)]
struct Kept(Mutex<HashMap<String, Compiled>>);

/// An expression, and what its prefixes meant.
type Compiled = (Arc<Namespaces>, Arc<XPath>);

impl Kept {
    fn get(&self, expression: &str, namespaces: &Arc<Namespaces>) -> Result<Arc<XPath>> {
        if let Some((of, path)) = self.0.lock().get(expression)
            && Arc::ptr_eq(of, namespaces)
        {
            return Ok(path.clone());
        }
        let path = Arc::new(compile(expression, namespaces)?);
        let mut kept = self.0.lock();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(expression.to_owned(), (namespaces.clone(), path.clone()));
        Ok(path)
    }
}

fn compile(expression: &str, namespaces: &Namespaces) -> Result<XPath> {
    XPath::new(expression, namespaces)
        .map_err(|error| Error::internal(format!("`{expression}` is no XPath: {error}")))
}

fn xpath(call: &Call<'_>, kept: &Kept) -> Result<Option<JsonValue>> {
    let path = kept.get(call.text(0)?, &call.surroundings().namespaces)?;
    Ok(evaluate(&path, call.event().payload())?.to_json())
}
