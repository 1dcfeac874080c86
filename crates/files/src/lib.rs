//! Files for compysition: [`FileOut`] writes them.

mod file_out;
mod file_path;
mod rolling;

pub use file_out::{FileOut, Mode};

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry
        .add::<FileOut>("file_out")
        .alias("fileout", "file_out")
        .alias("file_logger", "file_out");
}
