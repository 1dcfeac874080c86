//! Cookies: [`Cookie`] sets one, [`CookieCheck`] asks for one.

mod cookie_check;
#[cfg(test)]
mod fuzz;
mod pairs;
mod set_cookie;
mod signer;

pub use cookie_check::{CookieCheck, MissingCookie};
pub use set_cookie::{Cookie, SameSite};
