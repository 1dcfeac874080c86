//! The mail server.

mod address;
mod bound;
mod command;
mod envelope;
mod letter;
mod lines;
mod login;
mod outcome;
mod rules;
mod session;
mod smtp_in;
mod taking;
mod tls;

pub use bound::Bound;
pub use smtp_in::SmtpIn;

#[cfg(test)]
mod fuzz;
