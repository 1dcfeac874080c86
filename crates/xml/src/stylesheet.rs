//! A compiled stylesheet, shared between threads.

use std::ffi::{CStr, CString, c_char, c_int};
use std::fmt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::policy::{Policy, c_string};
use crate::sink::Sink;
use crate::sys::{self, Style};
use crate::template::{Reached, Template};
use crate::text::Written;
use crate::{Compiler, Document, Limits, Output, XmlError};

/// The stack of a transformation that its caller's thread has no room for; only what is used of it
/// costs memory.
const LARGE_STACK: usize = 64 << 20;

/// Holds an XSLT 1.0 stylesheet with EXSLT, compiled once. A clone shares it; threads may share it.
#[derive(Clone)]
pub struct Stylesheet(Arc<Inner>);

struct Inner {
    raw: NonNull<Style>,
    policy: Policy,
    warnings: Vec<XmlError>,
    limits: Limits,
    strips_space: bool,
    /// Whether a transformation has run. The first fills in what libxslt left for later, so it runs
    /// alone.
    warm: AtomicBool,
    /// Whether each transformation must run alone: `func:function` is looked up through a cache in
    /// the stylesheet that takes two writes to fill.
    alone: bool,
    gate: Mutex<()>,
}

// SAFETY: libxslt only reads a stylesheet while it transforms, once `gate` has seen to the exceptions.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

/// How one try of a transformation ended.
enum Try {
    Done(Document, Sink),
    Failed(Sink),
    NoStack,
}

impl Stylesheet {
    /// Compiles a stylesheet from its text.
    ///
    /// # Errors
    /// What libxslt finds wrong in it, with the line.
    pub fn from_text(text: &str) -> Result<Stylesheet, XmlError> {
        Compiler::new().compile(text)
    }

    /// Compiles a stylesheet from a file.
    ///
    /// # Errors
    /// If the file cannot be read; what libxslt finds wrong in it, with the line.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Stylesheet, XmlError> {
        Compiler::new().compile_file(path)
    }

    pub(crate) fn compile(
        url: &str,
        text: &[u8],
        utf8: bool,
        allow: &[PathBuf],
        limits: Limits,
    ) -> Result<Stylesheet, XmlError> {
        let policy = Policy::new(url, text, allow)?;
        let mut sink = Sink::new();
        // SAFETY: sink and policy outlive the call, which keeps neither.
        let raw = unsafe { sys::shim_compile(sink.as_ptr(), &policy.raw(), c_int::from(utf8)) };
        let Some(raw) = NonNull::new(raw) else {
            // Whoever has several stylesheets must be told which one is meant.
            return Err(sink.into_error("this is no stylesheet").or_in(url));
        };
        let mut inner = Inner {
            raw,
            policy,
            warnings: sink.into_messages_and_warnings().1,
            limits,
            // SAFETY: the stylesheet lives.
            strips_space: unsafe { sys::shim_strips_space(raw.as_ptr()) != 0 },
            warm: AtomicBool::new(false),
            // SAFETY: the stylesheet lives.
            alone: unsafe { sys::shim_defines_functions(raw.as_ptr()) != 0 },
            gate: Mutex::new(()),
        };
        if let Some(url) = inner.property(sys::URL) {
            let url = url.to_owned();
            inner.policy.set_url(url);
        }
        inner.check_encoding().map_err(|error| error.or_in(url))?;
        Ok(Stylesheet(Arc::new(inner)))
    }

    /// Transforms a document. A parameter is a name (`name` or `{namespace}name`) and a text.
    ///
    /// Takes the document for itself while it runs. Whitespace that `xsl:strip-space` names is gone
    /// from it afterwards (see [`Stylesheet::strips_space`]), all else is as it was.
    ///
    /// # Errors
    /// The first complaint of libxslt with the stylesheet's file and line, or the message of an
    /// `xsl:message terminate="yes"`; also if the limits are exceeded.
    pub fn transform(
        &self,
        document: &mut Document,
        parameters: &[(&str, &str)],
    ) -> Result<Output, XmlError> {
        self.run(document, parameters, None)
    }

    /// Transforms a document as [`transform`](Stylesheet::transform) does, and adds where the templates stand that were
    /// reached, whether it fails or not. It takes longer.
    ///
    /// # Errors
    /// As [`transform`](Stylesheet::transform).
    pub fn transform_watched(
        &self,
        document: &mut Document,
        parameters: &[(&str, &str)],
        reached: &mut Reached,
    ) -> Result<Output, XmlError> {
        self.run(document, parameters, Some(reached))
    }

    fn run(
        &self,
        document: &mut Document,
        parameters: &[(&str, &str)],
        reached: Option<&mut Reached>,
    ) -> Result<Output, XmlError> {
        let watched = reached.is_some();
        let mut texts = Vec::with_capacity(2 * parameters.len());
        for (name, value) in parameters {
            texts.push(c_string(name)?);
            texts.push(c_string(value)?);
        }
        let inner = &*self.0;
        let first = !inner.warm.load(Ordering::Acquire);
        let alone = (inner.alone || first)
            .then(|| inner.gate.lock().unwrap_or_else(PoisonError::into_inner));
        let mut ended = inner.attempt(document, &texts, watched);
        if matches!(ended, Try::NoStack) {
            ended = inner.attempt_on_large_stack(document, &texts, watched);
        }
        inner.warm.store(true, Ordering::Release);
        drop(alone);
        if let (Some(reached), Try::Done(_, sink) | Try::Failed(sink)) = (reached, &mut ended) {
            reached.append(&mut sink.take_reached());
        }
        match ended {
            Try::Done(result, sink) => Ok(Output::new(self.clone(), result, sink)),
            Try::Failed(sink) => Err(sink.into_error("the transformation failed")),
            Try::NoStack => Err(XmlError::new(
                "the templates nest too deeply: the stack is full",
            )),
        }
    }

    /// Returns the templates that have content, also those of imported and included stylesheets.
    pub fn templates(&self) -> Vec<Template> {
        let mut sink = Sink::new();
        // SAFETY: both live through the call.
        unsafe { sys::shim_templates(sink.as_ptr(), self.0.raw.as_ptr()) };
        sink.into_templates()
    }

    /// Returns the first mistake of a place that names a variable which it does not see, also in imported and included
    /// stylesheets, unless a parameter of that name is given from outside.
    pub(crate) fn unseen(&self, is_given: impl Fn(&str) -> bool) -> Option<XmlError> {
        let mut sink = Sink::new();
        // SAFETY: both live through the call.
        unsafe { sys::shim_unseen_variables(sink.as_ptr(), self.0.raw.as_ptr()) };
        let mut unseen = sink.into_faults().into_iter();
        let error = unseen.find(|error| !is_given(error.message()))?;
        let message = format!(
            "no variable or parameter `{}` is seen from here",
            error.message()
        );
        Some(error.saying(message))
    }

    /// Returns what libxslt complained of without refusing the stylesheet, such as an unknown
    /// instruction.
    pub fn warnings(&self) -> &[XmlError] {
        &self.0.warnings
    }

    /// Returns whether a transformation takes whitespace out of its document.
    pub fn strips_space(&self) -> bool {
        self.0.strips_space
    }

    /// Returns a setting of `xsl:output`.
    pub(crate) fn property(&self, which: c_int) -> Option<&str> {
        self.0.property(which)?.to_str().ok()
    }

    pub(crate) fn write(&self, result: &Document) -> Result<Written, XmlError> {
        let mut sink = Sink::new();
        let (style, result) = (self.0.raw.as_ptr(), result.as_ptr());
        // SAFETY: all three live through the call; the text is filled and owned by `Written`.
        Written::by(|text| unsafe { sys::shim_write_result(sink.as_ptr(), style, result, text) })
            .ok_or_else(|| sink.into_error("the result cannot be written"))
    }

    pub(crate) fn reads_back(&self, result: &Document) -> bool {
        // SAFETY: both live.
        unsafe { sys::shim_is_plain(self.0.raw.as_ptr(), result.as_ptr()) != 0 }
    }
}

impl Inner {
    fn property(&self, which: c_int) -> Option<&CStr> {
        // SAFETY: the stylesheet lives, its settings as long and unchanged.
        unsafe {
            let value = sys::shim_output_property(self.raw.as_ptr(), which);
            (!value.is_null()).then(|| CStr::from_ptr(value))
        }
    }

    fn check_encoding(&self) -> Result<(), XmlError> {
        let Some(encoding) = self.property(sys::ENCODING) else {
            return Ok(());
        };
        // SAFETY: the text lives through the call.
        if unsafe { sys::shim_encoding_exists(encoding.as_ptr()) } != 0 {
            return Ok(());
        }
        let name = encoding.to_string_lossy();
        Err(XmlError::new(format!(
            "xsl:output names the encoding `{name}`, which is not known"
        )))
    }

    fn attempt(&self, document: &mut Document, parameters: &[CString], watched: bool) -> Try {
        let mut pointers: Vec<*const c_char> =
            parameters.iter().map(|text| text.as_ptr()).collect();
        pointers.push(std::ptr::null());
        let mut sink = Sink::new();
        let mut result = std::ptr::null_mut();
        // SAFETY: all that is passed outlives the call, which keeps none of it; the document is ours
        // alone through `&mut`, the stylesheet is only read.
        let status = unsafe {
            sys::shim_transform(
                sink.as_ptr(),
                &self.policy.raw(),
                self.raw.as_ptr(),
                document.as_ptr(),
                pointers.as_ptr(),
                &self.limits.for_document(document.size()),
                c_int::from(watched),
                &mut result,
            )
        };
        // SAFETY: the result is null or ours alone.
        match unsafe { Document::own(result, document.size()) } {
            Some(result) if status == sys::DONE => Try::Done(result, sink),
            _ if status == sys::NO_STACK => Try::NoStack,
            _ => Try::Failed(sink),
        }
    }

    /// Tries again on a thread of its own. Rare, so that it may cost a thread.
    fn attempt_on_large_stack(
        &self,
        document: &mut Document,
        parameters: &[CString],
        watched: bool,
    ) -> Try {
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(LARGE_STACK)
                .spawn_scoped(scope, || self.attempt(document, parameters, watched))
                .ok()
                .and_then(|thread| thread.join().ok())
                .unwrap_or(Try::NoStack)
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: the stylesheet is ours, and this is its only end. Results share only its
        // dictionary, which counts its owners.
        unsafe { sys::shim_free_stylesheet(self.raw.as_ptr()) }
    }
}

impl fmt::Debug for Stylesheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stylesheet")
            .field(&self.property(sys::URL))
            .finish()
    }
}
