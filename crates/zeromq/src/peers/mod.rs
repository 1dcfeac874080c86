//! The actors for anybody's ZeroMQ programs.

mod dealer;
mod door;
mod envelope;
mod publish;
mod push;
mod receiver;
mod rep;
mod req;
mod router;
mod setup;

pub use dealer::ZmqDealer;
pub use publish::ZmqPub;
pub use push::ZmqPush;
pub use receiver::{ZmqPull, ZmqSub};
pub use rep::ZmqRep;
pub use req::ZmqReq;
pub use router::ZmqRouter;

pub(crate) use door::why;
pub(crate) use req::unreadable;
pub(crate) use setup::{Side, wire};
