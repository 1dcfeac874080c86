//! How clients prove who they are.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::credentials::Password;

/// Reads the one message of the mechanism PLAIN: whom to act for, who, the password.
pub(crate) fn plain(message: &[u8]) -> Option<(String, String)> {
    let text = decode(message)?;
    let mut parts = text.split('\0');
    let (for_whom, user, password) = (parts.next()?, parts.next()?, parts.next()?);
    let is_himself = for_whom.is_empty() || for_whom == user;
    (is_himself && parts.next().is_none()).then(|| (user.to_owned(), password.to_owned()))
}

/// Reads a message of the mechanism LOGIN.
pub(crate) fn decode(message: &[u8]) -> Option<String> {
    String::from_utf8(STANDARD.decode(message).ok()?).ok()
}

/// Tells whether the password is that of the user. It takes as long for a user that there is not.
pub(crate) fn is_right(users: &BTreeMap<String, Password>, user: &str, password: &str) -> bool {
    let known = users.get(user);
    let expected = known.map_or(password, |known| known.0.as_str());
    let is_equal: bool = expected.as_bytes().ct_eq(password.as_bytes()).into();
    is_equal && known.is_some()
}
