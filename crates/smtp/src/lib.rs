//! E-mail for compysition: [`SmtpOut`] sends it, [`SmtpIn`] takes it.

mod credentials;
mod fault;
mod line;
mod message;
mod server;
mod smtp_out;
mod wire;

pub use server::{Bound, SmtpIn};
pub use smtp_out::SmtpOut;

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry.add::<SmtpIn>("smtp_in").add::<SmtpOut>("smtp_out");
}
