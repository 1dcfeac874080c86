//! Files for compysition: [`FileIn`] reads them, [`FileOut`] writes them.

mod checkpoint;
mod disposal;
mod file_in;
mod file_out;
mod file_path;
mod found;
mod head;
mod job;
mod ledger;
mod lock;
mod lot;
mod pack;
mod part;
mod poll;
mod records;
mod rolling;
mod watch;
mod writable;
mod writer;
mod writing;

pub use disposal::Disposal;
pub use file_in::{FileIn, Reading};
pub use file_out::{FileOut, Mode};

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry
        .add::<FileIn>("file_in")
        .add::<FileOut>("file_out")
        .alias("fileout", "file_out")
        .alias("file_logger", "file_out");
}
