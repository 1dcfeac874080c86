//! What the benchmarks share: the machine's clocks and cores, figures, tables.

mod arguments;
mod figures;
mod machine;
mod table;
pub mod wrk;

pub use arguments::argument;
pub use figures::{median, median_ratio};
pub use machine::{Span, Stopwatch, cores, pin};
pub use table::Table;
