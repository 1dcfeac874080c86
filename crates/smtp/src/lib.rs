//! E-mail for compysition: [`SmtpOut`] sends it.

mod credentials;
mod fault;
mod line;
mod message;
mod smtp_out;
mod wire;

pub use smtp_out::SmtpOut;

/// Adds the actors of this crate to a registry, under the names that flow files use.
pub fn register(registry: &mut compysition_core::Registry) {
    registry.add::<SmtpOut>("smtp_out");
}
