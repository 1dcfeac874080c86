//! Lets libxml2 and libxslt allocate as Rust does.

use std::alloc::{Layout, alloc, dealloc, realloc};
use std::ffi::{CStr, c_char, c_void};

use crate::sys;

/// Before each block its size is kept, which Rust's allocator wants back; a whole unit of alignment, so
/// that the block is aligned as C expects.
const HEADER: usize = 16;

/// Makes the libraries use Rust's global allocator.
///
/// # Safety
/// Nothing in the process may have allocated through libxml2 yet: such a block would be freed wrongly.
pub(crate) unsafe fn install() {
    // SAFETY: the four functions keep C's promises; the rest is the caller's.
    unsafe { sys::shim_allocate_with(free, malloc, reallocate, duplicate) }
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER)?, HEADER).ok()
}

/// Notes the size at the start of a fresh block, and returns what comes after.
///
/// # Safety
/// `block` is null or has `HEADER` bytes that are ours.
unsafe fn finish(block: *mut u8, size: usize) -> *mut c_void {
    if block.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: the header is within the block and aligned.
    unsafe {
        block.cast::<usize>().write(size);
        block.add(HEADER).cast()
    }
}

/// Returns the whole block, and the size asked for.
///
/// # Safety
/// `memory` came from [`finish`].
unsafe fn begin(memory: *mut c_void) -> (*mut u8, usize) {
    // SAFETY: the header stands before it.
    unsafe {
        let block = memory.cast::<u8>().sub(HEADER);
        (block, block.cast::<usize>().read())
    }
}

unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    match layout(size) {
        // SAFETY: the layout is never empty.
        Some(layout) => unsafe { finish(alloc(layout), size) },
        None => std::ptr::null_mut(),
    }
}

unsafe extern "C" fn free(memory: *mut c_void) {
    if memory.is_null() {
        return;
    }
    // SAFETY: libxml2 frees only what it got here, with the layout that it was made with.
    unsafe {
        let (block, size) = begin(memory);
        if let Some(layout) = layout(size) {
            dealloc(block, layout);
        }
    }
}

unsafe extern "C" fn reallocate(memory: *mut c_void, size: usize) -> *mut c_void {
    if memory.is_null() {
        // SAFETY: as C has it, this is an allocation.
        return unsafe { malloc(size) };
    }
    // SAFETY: as in `free`; the new size with its header has a layout.
    unsafe {
        let (block, old) = begin(memory);
        match (layout(old), layout(size)) {
            (Some(old), Some(new)) => finish(realloc(block, old, new.size()), size),
            _ => std::ptr::null_mut(),
        }
    }
}

unsafe extern "C" fn duplicate(text: *const c_char) -> *mut c_char {
    // SAFETY: the caller gives a text that ends in NUL; the copy has room for it and the NUL.
    unsafe {
        let bytes = CStr::from_ptr(text).to_bytes_with_nul();
        let copy = malloc(bytes.len()).cast::<c_char>();
        if !copy.is_null() {
            copy.copy_from_nonoverlapping(text, bytes.len());
        }
        copy
    }
}
