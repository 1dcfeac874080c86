//! Takes what the libraries report while one call runs.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::XmlError;
use crate::sys;
use crate::template::{Place, Reached, Template};

/// More than this of each is dropped, so that a document full of faults costs no memory.
const MOST: usize = 64;

/// Collects the faults and the messages of one call.
#[derive(Default)]
pub(crate) struct Sink {
    faults: Vec<XmlError>,
    messages: Vec<String>,
    context: Option<Context>,
    templates: Vec<Template>,
    reached: Reached,
}

/// Where in a stylesheet the next error's text belongs.
#[derive(Clone, Default)]
struct Context {
    file: Option<String>,
    line: Option<u32>,
}

impl Sink {
    /// Makes a sink, and starts the libraries if this is the first.
    pub(crate) fn new() -> Sink {
        static START: Once = Once::new();
        // SAFETY: runs once, before any other call of the shim, as all of them take a sink or what
        // such a call made; `report` keeps the promise of its type.
        START.call_once(|| unsafe {
            #[cfg(feature = "rust-allocator")]
            crate::allocator::install();
            sys::shim_start(report);
        });
        Sink::default()
    }

    /// Returns the sink as the shim hands it back to `report`.
    pub(crate) fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::from_mut(self).cast()
    }

    /// Returns the texts of `xsl:message`, and the faults that failed nothing, in their order.
    pub(crate) fn into_messages_and_warnings(self) -> (Vec<String>, Vec<XmlError>) {
        (self.messages, self.faults)
    }

    /// Returns the templates that were told of.
    pub(crate) fn into_templates(self) -> Vec<Template> {
        self.templates
    }

    /// Returns where the templates stand that were reached.
    pub(crate) fn take_reached(&mut self) -> Reached {
        std::mem::take(&mut self.reached)
    }

    /// Returns all faults, in their order.
    pub(crate) fn into_faults(self) -> Vec<XmlError> {
        self.faults
    }

    /// Returns the error that the faults add up to. The first is the cause, and if it has no line,
    /// those after it say where it was noticed.
    pub(crate) fn into_error(mut self, otherwise: &str) -> XmlError {
        if self.faults.is_empty() {
            let message = self.messages.pop().unwrap_or_else(|| otherwise.to_owned());
            self.faults.push(XmlError::new(message));
        }
        let mut faults = self.faults.into_iter();
        let mut error = faults.next().unwrap_or_else(|| XmlError::new(otherwise));
        if error.line.is_none() {
            error.adopt(faults.take(2));
        }
        error.messages = self.messages;
        error
    }

    fn take(&mut self, kind: c_int, text: &str, file: Option<String>, line: c_int, column: c_int) {
        let text = text.trim_end();
        match kind {
            sys::FAULT => {
                let position = |n| u32::try_from(n).ok().filter(|n| *n > 0);
                let mut fault = XmlError::new(text);
                fault.file = file;
                fault.line = position(line);
                fault.column = position(column);
                self.push(fault);
            }
            sys::TEMPLATE => {
                let (file, line) = (file.unwrap_or_default(), line.unsigned_abs());
                let place = Place { file, line };
                if text.is_empty() {
                    self.reached.insert(place);
                } else {
                    let called = text.to_owned();
                    self.templates.push(Template { called, place });
                }
            }
            sys::CONTEXT => self.context = Some(Context::parse(text)),
            sys::TEXT => match self.context.take() {
                Some(context) => {
                    let mut fault = XmlError::new(text);
                    fault.line = context.line;
                    fault.file = context.file;
                    self.push(fault);
                }
                None if self.messages.len() < MOST => self.messages.push(text.to_owned()),
                None => {}
            },
            _ if text.is_empty() => {}
            _ => self.push(XmlError::new(text)),
        }
    }

    fn push(&mut self, fault: XmlError) {
        if self.faults.len() < MOST && !fault.message().is_empty() {
            self.faults.push(fault);
        }
    }
}

impl Context {
    /// Reads `runtime error: file submit.xsl line 7 element value-of`.
    fn parse(text: &str) -> Context {
        let Some((_, place)) = text.split_once(": file ") else {
            return Context::default();
        };
        let (file, rest) = match place.rsplit_once(" line ") {
            Some((file, rest)) => (file, rest),
            None => (place.rsplit_once(" element ").map_or(place, |p| p.0), ""),
        };
        Context {
            file: Some(file.to_owned()),
            line: rest.split(' ').next().and_then(|line| line.parse().ok()),
        }
    }
}

/// Receives one report of the shim.
///
/// # Safety
/// `sink` is what [`Sink::as_ptr`] returned and still lives; `text` has `length` bytes; `file` is null or a text
/// that ends in NUL.
unsafe extern "C" fn report(
    sink: *mut c_void,
    kind: c_int,
    text: *const c_char,
    length: usize,
    file: *const c_char,
    line: c_int,
    column: c_int,
) {
    // A panic must not cross into C. Nothing here is known to panic; should it, the report is lost.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the shim calls back on the thread and during the call that it was given the sink
        // for, when nothing else uses the sink; the texts are the shim's until it returns.
        let (sink, text, file) = unsafe {
            let bytes = std::slice::from_raw_parts(text.cast::<u8>(), length);
            let file = (!file.is_null()).then(|| CStr::from_ptr(file).to_string_lossy());
            (
                &mut *sink.cast::<Sink>(),
                String::from_utf8_lossy(bytes),
                file.map(std::borrow::Cow::into_owned),
            )
        };
        sink.take(kind, &text, file, line, column);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_names_file_and_line() {
        let context = Context::parse("runtime error: file /a line 1/b.xsl line 7 element value-of");
        assert_eq!(context.file.as_deref(), Some("/a line 1/b.xsl"));
        assert_eq!(context.line, Some(7));
        let context = Context::parse("compilation error: file b.xsl element message");
        assert_eq!(
            (context.file.as_deref(), context.line),
            (Some("b.xsl"), None)
        );
        assert_eq!(Context::parse("error").file, None);
    }

    #[test]
    fn a_text_without_context_is_a_message() {
        let mut sink = Sink::default();
        sink.take(sys::TEXT, "hello\n", None, 0, 0);
        sink.take(
            sys::CONTEXT,
            "runtime error: file b.xsl line 2 element x\n",
            None,
            0,
            0,
        );
        sink.take(sys::TEXT, "bad\n", None, 0, 0);
        let error = sink.into_error("");
        assert_eq!(error.to_string(), "b.xsl, line 2: bad");
        assert_eq!(error.messages(), ["hello"]);
    }
}
