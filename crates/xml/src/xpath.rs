//! A compiled XPath expression.

use std::collections::BTreeMap;
use std::ffi::{CString, c_ulong};
use std::fmt;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use crate::policy::c_string;
use crate::qualify::qualify;
use crate::sink::Sink;
use crate::sys::{self, Object, Path, PathContext};
use crate::{Document, Limits, Value, XmlError};

/// Bound to the document's default namespace; no user is likely to take it.
const DEFAULT_PREFIX: &str = "_default";

/// More ready-made evaluators than this are not kept.
const MOST_READY: usize = 16;

/// Holds an XPath 1.0 expression with the namespaces of its prefixes; threads may share it.
///
/// If a document's root has a default namespace, steps without a prefix find the elements in it.
pub struct XPath {
    expression: String,
    qualified: String,
    namespaces: Vec<(CString, CString)>,
    ready: Mutex<Vec<Evaluator>>,
}

impl XPath {
    /// Compiles an expression; `namespaces` gives each prefix its URI.
    ///
    /// # Errors
    /// What libxml2 finds wrong in it.
    pub fn new(expression: &str, namespaces: &BTreeMap<String, String>) -> Result<XPath, XmlError> {
        let path = XPath {
            expression: expression.to_owned(),
            qualified: qualify(expression, DEFAULT_PREFIX),
            namespaces: namespaces
                .iter()
                .map(|(prefix, uri)| Ok((c_string(prefix)?, c_string(uri)?)))
                .collect::<Result<_, XmlError>>()?,
            ready: Mutex::new(Vec::new()),
        };
        let evaluator = path.evaluator(false)?;
        path.keep(evaluator);
        Ok(path)
    }

    /// Returns the expression as it was written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Evaluates the expression on a document, from its root.
    ///
    /// # Errors
    /// What libxml2 complains of, such as a prefix or function that it does not know.
    pub fn evaluate(&self, document: &Document) -> Result<Value, XmlError> {
        // SAFETY: the result lives until the end of the call, its document longer.
        self.find(document, |found| unsafe { Value::take(found) })?
            .map_err(|error| error.about(&self.expression))
    }

    /// Calls a function with what the expression finds in a document; it lives as long as the call.
    pub(crate) fn find<T>(
        &self,
        document: &Document,
        take: impl FnOnce(*mut Object) -> T,
    ) -> Result<T, XmlError> {
        self.search(document).map(|found| take(found.as_ptr()))
    }

    /// Returns what the expression finds in a document, which must live as long as that is looked at.
    pub(crate) fn search(&self, document: &Document) -> Result<Found, XmlError> {
        let namespace = document.default_namespace();
        let qualified = namespace.is_some() && self.qualified != self.expression;
        let ready = self.take(qualified);
        let evaluator = match ready {
            Some(evaluator) => evaluator,
            None => self.evaluator(qualified)?,
        };
        if let Some(namespace) = namespace.filter(|_| qualified) {
            evaluator.bind(&c_string(DEFAULT_PREFIX)?, &c_string(&namespace)?)?;
        }
        let found = evaluator.evaluate(document);
        self.keep(evaluator);
        found.map_err(|error| error.about(&self.expression))
    }

    fn take(&self, qualified: bool) -> Option<Evaluator> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let found = ready
            .iter()
            .rposition(|evaluator| evaluator.qualified == qualified)?;
        Some(ready.swap_remove(found))
    }

    fn keep(&self, evaluator: Evaluator) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.len() < MOST_READY {
            ready.push(evaluator);
        }
    }

    fn evaluator(&self, qualified: bool) -> Result<Evaluator, XmlError> {
        let mut sink = Sink::new();
        let text = c_string(if qualified {
            &self.qualified
        } else {
            &self.expression
        })?;
        // SAFETY: starts nothing but a context of its own.
        let context =
            Context(NonNull::new(unsafe { sys::shim_path_context() }).ok_or_else(no_memory)?);
        // SAFETY: context, text and sink outlive the call, which keeps none but the context.
        let path =
            unsafe { sys::shim_path_compile(sink.as_ptr(), context.0.as_ptr(), text.as_ptr()) };
        let path = NonNull::new(path).ok_or_else(|| {
            sink.into_error("this is no expression")
                .about(&self.expression)
        })?;
        let evaluator = Evaluator {
            path: Compiled(path),
            context,
            qualified,
        };
        for (prefix, uri) in &self.namespaces {
            evaluator.bind(prefix, uri)?;
        }
        Ok(evaluator)
    }
}

impl fmt::Debug for XPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("XPath").field(&self.expression).finish()
    }
}

/// An expression made ready for one evaluation at a time: libxml2 notes functions in it as it goes.
struct Evaluator {
    path: Compiled,
    context: Context,
    qualified: bool,
}

struct Context(NonNull<PathContext>);
struct Compiled(NonNull<Path>);

/// What an expression found.
pub(crate) struct Found(NonNull<Object>);

// SAFETY: neither is bound to a thread; the mutex hands them from one to the next.
unsafe impl Send for Evaluator {}

// SAFETY: a result is bound to no thread. It only points at the nodes of its document, which are looked at under
// the document's lock.
unsafe impl Send for Found {}

impl Found {
    pub(crate) fn as_ptr(&self) -> *mut Object {
        self.0.as_ptr()
    }
}

impl Evaluator {
    fn bind(&self, prefix: &CString, uri: &CString) -> Result<(), XmlError> {
        // SAFETY: the context lives and copies both texts.
        let bound = unsafe {
            sys::shim_path_namespace(self.context.0.as_ptr(), prefix.as_ptr(), uri.as_ptr())
        };
        if bound == 0 { Err(no_memory()) } else { Ok(()) }
    }

    fn evaluate(&self, document: &Document) -> Result<Found, XmlError> {
        let mut sink = Sink::new();
        let operations: c_ulong = Limits::default()
            .for_document(document.size())
            .path_operations;
        // SAFETY: all outlive the call; the document is this thread's, as it is not `Sync`.
        let found = unsafe {
            sys::shim_path_evaluate(
                sink.as_ptr(),
                self.context.0.as_ptr(),
                self.path.0.as_ptr(),
                document.as_ptr(),
                operations,
            )
        };
        NonNull::new(found)
            .map(Found)
            .ok_or_else(|| sink.into_error("the expression cannot be evaluated"))
    }
}

fn no_memory() -> XmlError {
    XmlError::new("out of memory")
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: ours, and this is its only end.
        unsafe { sys::shim_free_path_context(self.0.as_ptr()) }
    }
}

impl Drop for Compiled {
    fn drop(&mut self) {
        // SAFETY: ours, and this is its only end.
        unsafe { sys::shim_free_path(self.0.as_ptr()) }
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        // SAFETY: ours, and this is its only end.
        unsafe { sys::shim_free_object(self.0.as_ptr()) }
    }
}
