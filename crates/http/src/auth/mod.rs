//! Who a client is: [`BasicAuth`] and [`JwtAuth`].

mod basic_auth;
mod challenge;
mod credentials;
mod gate;
mod htpasswd;
mod jwt;
mod memory;
mod users;

pub use basic_auth::BasicAuth;
pub use jwt::{Algorithm, JwtAuth};
