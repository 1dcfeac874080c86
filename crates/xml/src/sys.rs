//! The shim's declarations, as `shim/shim.h` has them.

use std::ffi::{c_char, c_double, c_int, c_ulong, c_void};

macro_rules! opaque {
    ($($name:ident)*) => {$(
        #[repr(C)]
        pub(crate) struct $name {
            _private: [u8; 0],
        }
    )*};
}

opaque! { XmlDoc Schema Style PathContext Path Object Buffer }

pub(crate) const FAULT: c_int = 0;
pub(crate) const CONTEXT: c_int = 1;
pub(crate) const TEXT: c_int = 2;
pub(crate) const TEMPLATE: c_int = 4;

pub(crate) const DONE: c_int = 0;
pub(crate) const NO_STACK: c_int = 2;

pub(crate) const METHOD: c_int = 0;
pub(crate) const ENCODING: c_int = 1;
pub(crate) const MEDIA_TYPE: c_int = 2;
pub(crate) const URL: c_int = 3;

pub(crate) const NODES: c_int = 0;
pub(crate) const BOOLEAN: c_int = 1;
pub(crate) const NUMBER: c_int = 2;
pub(crate) const STRING: c_int = 3;

pub(crate) const VALID: c_int = 0;
pub(crate) const INVALID: c_int = 1;
pub(crate) const NOTHING: c_int = 2;

pub(crate) type Report =
    unsafe extern "C" fn(*mut c_void, c_int, *const c_char, usize, *const c_char, c_int, c_int);

#[repr(C)]
pub(crate) struct RawPolicy {
    pub(crate) url: *const c_char,
    pub(crate) text: *const c_char,
    pub(crate) length: usize,
    pub(crate) directories: *const *const c_char,
    pub(crate) count: usize,
}

#[repr(C)]
pub(crate) struct RawLimits {
    pub(crate) depth: c_int,
    pub(crate) operations: c_ulong,
    pub(crate) path_operations: c_ulong,
}

#[repr(C)]
pub(crate) struct RawText {
    pub(crate) buffer: *mut Buffer,
    pub(crate) text: *const c_char,
    pub(crate) length: usize,
}

unsafe extern "C" {
    pub(crate) fn shim_start(report: Report);
    #[cfg(feature = "rust-allocator")]
    pub(crate) fn shim_allocate_with(
        free: unsafe extern "C" fn(*mut c_void),
        malloc: unsafe extern "C" fn(usize) -> *mut c_void,
        realloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
        strdup: unsafe extern "C" fn(*const c_char) -> *mut c_char,
    );

    pub(crate) fn shim_parse(
        sink: *mut c_void,
        text: *const c_char,
        length: usize,
        url: *const c_char,
        utf8: c_int,
    ) -> *mut XmlDoc;
    pub(crate) fn shim_free_document(document: *mut XmlDoc);
    pub(crate) fn shim_copy_document(document: *mut XmlDoc) -> *mut XmlDoc;
    pub(crate) fn shim_write_document(document: *mut XmlDoc, text: *mut RawText) -> c_int;
    pub(crate) fn shim_write_root(document: *mut XmlDoc, text: *mut RawText) -> c_int;
    pub(crate) fn shim_free_text(buffer: *mut Buffer);
    pub(crate) fn shim_default_namespace(document: *mut XmlDoc) -> *const c_char;
    pub(crate) fn shim_is_html(document: *mut XmlDoc) -> c_int;

    pub(crate) fn shim_compile(
        sink: *mut c_void,
        policy: *const RawPolicy,
        utf8: c_int,
    ) -> *mut Style;
    pub(crate) fn shim_free_stylesheet(style: *mut Style);
    pub(crate) fn shim_output_property(style: *mut Style, which: c_int) -> *const c_char;
    pub(crate) fn shim_encoding_exists(encoding: *const c_char) -> c_int;
    pub(crate) fn shim_defines_functions(style: *mut Style) -> c_int;
    pub(crate) fn shim_strips_space(style: *mut Style) -> c_int;
    pub(crate) fn shim_transform(
        sink: *mut c_void,
        policy: *const RawPolicy,
        style: *mut Style,
        document: *mut XmlDoc,
        parameters: *const *const c_char,
        limits: *const RawLimits,
        watched: c_int,
        result: *mut *mut XmlDoc,
    ) -> c_int;
    pub(crate) fn shim_unseen_variables(sink: *mut c_void, style: *mut Style);
    pub(crate) fn shim_templates(sink: *mut c_void, style: *mut Style);
    pub(crate) fn shim_write_result(
        sink: *mut c_void,
        style: *mut Style,
        result: *mut XmlDoc,
        text: *mut RawText,
    ) -> c_int;
    pub(crate) fn shim_is_plain(style: *mut Style, result: *mut XmlDoc) -> c_int;

    pub(crate) fn shim_schema_compile(
        sink: *mut c_void,
        policy: *const RawPolicy,
        utf8: c_int,
    ) -> *mut Schema;
    pub(crate) fn shim_free_schema(schema: *mut Schema);
    pub(crate) fn shim_validate(
        sink: *mut c_void,
        schema: *mut Schema,
        document: *mut XmlDoc,
        selected: *mut Object,
    ) -> c_int;

    pub(crate) fn shim_path_context() -> *mut PathContext;
    pub(crate) fn shim_free_path_context(context: *mut PathContext);
    pub(crate) fn shim_path_namespace(
        context: *mut PathContext,
        prefix: *const c_char,
        uri: *const c_char,
    ) -> c_int;
    pub(crate) fn shim_path_compile(
        sink: *mut c_void,
        context: *mut PathContext,
        expression: *const c_char,
    ) -> *mut Path;
    pub(crate) fn shim_free_path(path: *mut Path);
    pub(crate) fn shim_path_evaluate(
        sink: *mut c_void,
        context: *mut PathContext,
        path: *mut Path,
        document: *mut XmlDoc,
        operations: c_ulong,
    ) -> *mut Object;
    pub(crate) fn shim_object_kind(object: *mut Object) -> c_int;
    pub(crate) fn shim_object_boolean(object: *mut Object) -> c_int;
    pub(crate) fn shim_object_number(object: *mut Object) -> c_double;
    pub(crate) fn shim_object_string(object: *mut Object) -> *const c_char;
    pub(crate) fn shim_object_length(object: *mut Object) -> usize;
    pub(crate) fn shim_object_node(object: *mut Object, index: usize, text: *mut RawText) -> c_int;
    pub(crate) fn shim_object_namespaces_around(object: *mut Object, index: usize) -> usize;
    pub(crate) fn shim_object_part(object: *mut Object, index: usize) -> *mut XmlDoc;
    pub(crate) fn shim_free_object(object: *mut Object);
}
