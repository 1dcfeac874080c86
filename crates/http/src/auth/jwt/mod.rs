//! Tokens that somebody has signed (RFC 7519): [`JwtAuth`].

mod algorithm;
mod cache;
mod claims;
mod der;
#[cfg(test)]
mod es512;
#[cfg(test)]
mod fuzz;
mod judge;
mod jwks;
mod jwt_auth;
mod key;
mod key_set;
mod refusal;
mod remote;
mod settings;
mod texts;
mod token;
#[cfg(test)]
mod vectors;

pub use algorithm::Algorithm;
pub use jwt_auth::JwtAuth;
