//! Plain sockets for compysition: [`TcpIn`] and [`UdpIn`] take what comes over them, [`TcpOut`] and [`UdpOut`] send events.

mod address;
mod bound;
mod content;
mod cutter;
mod farewell;
mod frames;
mod framing;
#[cfg(test)]
mod fuzz;
mod outgoing;
mod peer;
mod server;
mod tcp_out;
mod tls;
mod udp_in;
mod udp_out;

pub use bound::Bound;
pub use server::TcpIn;
pub use tcp_out::TcpOut;
pub use udp_in::UdpIn;
pub use udp_out::UdpOut;

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry
        .add::<TcpIn>("tcp_in")
        .add::<TcpOut>("tcp_out")
        .add::<UdpIn>("udp_in")
        .add::<UdpOut>("udp_out");
}
