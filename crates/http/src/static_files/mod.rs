//! Files of a directory as answers.

mod conditions;
mod content_types;
mod finding;
mod open_file;
mod range;
#[allow(clippy::module_inception)]
mod static_files;
mod wish;

pub(crate) use open_file::{FILE, OpenFile};
pub use static_files::StaticFiles;
