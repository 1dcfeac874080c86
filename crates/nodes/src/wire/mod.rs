//! What stands in the frames between the processes of a flow; `docs/guide/wire_format.md` tells it byte by byte.

mod buffer;
mod event;
mod failure;
mod frame;
mod record;

pub use buffer::Malformed;
pub(crate) use event::Writing;
pub(crate) use event::written;
pub use event::{Carried, Origin, Origins};
pub use frame::{Frame, Hello, VERSION};
pub use record::{Ended, Record, Records};
