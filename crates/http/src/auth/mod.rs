//! Who a client is: [`BasicAuth`].

mod basic_auth;
mod credentials;
mod gate;
mod htpasswd;
mod memory;
mod users;

pub use basic_auth::BasicAuth;
