//! ZeroMQ for compysition: sockets behind a narrow module, and the actors on them.

mod bound;
mod content;
mod error_frame;
mod identity;
mod intake;
mod links;
mod mdp;
mod node_address;
mod peers;
pub mod socket;

pub use bound::Bound;
pub use links::{Keys, ZeroMq};
pub use mdp::{MdpBroker, MdpClient, MdpWorker};
pub use node_address::check_address;
pub use peers::{ZmqDealer, ZmqPub, ZmqPull, ZmqPush, ZmqRep, ZmqReq, ZmqRouter, ZmqSub};

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry
        .add::<ZmqPush>("zmq_push")
        .add::<ZmqPull>("zmq_pull")
        .add::<ZmqPub>("zmq_pub")
        .add::<ZmqSub>("zmq_sub")
        .add::<ZmqReq>("zmq_req")
        .add::<ZmqRep>("zmq_rep")
        .add::<ZmqDealer>("zmq_dealer")
        .add::<ZmqRouter>("zmq_router")
        .add::<MdpBroker>("mdp_broker")
        .add::<MdpWorker>("mdp_worker")
        .add::<MdpClient>("mdp_client");
}
