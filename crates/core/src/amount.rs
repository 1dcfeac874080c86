//! Settings that must be more than nothing.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};

use crate::{ByteSize, TimeSpan};

/// A number, a time or a size that a setting may be.
pub trait Amount {
    /// Says what is wrong with it if it is nothing.
    ///
    /// # Errors
    /// That it is nothing.
    fn check<E: Error>(&self) -> Result<(), E>;
}

/// Reads a setting that would make no sense if it were 0, so that the check of a flow refuses that where it stands.
///
/// ```
/// use compysition_core::more_than_nothing;
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Settings {
///     #[serde(deserialize_with = "more_than_nothing")]
///     count: usize,
/// }
///
/// let wrong = serde_json::from_str::<Settings>(r#"{ "count": 0 }"#).unwrap_err();
/// assert!(wrong.to_string().contains("expected a whole number from 1"));
/// ```
///
/// # Errors
/// That it is nothing, or what else is wrong with it.
pub fn more_than_nothing<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Amount + Deserialize<'de>,
    D: Deserializer<'de>,
{
    let amount = T::deserialize(from)?;
    amount.check()?;
    Ok(amount)
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Amount for $number {
            fn check<E: Error>(&self) -> Result<(), E> {
                match self {
                    0 => Err(E::invalid_value(Unexpected::Unsigned(0), &"a whole number from 1")),
                    _ => Ok(()),
                }
            }
        }
    )*};
}

numbers! { u16 u32 u64 usize }

impl Amount for TimeSpan {
    fn check<E: Error>(&self) -> Result<(), E> {
        match self.0.is_zero() {
            true => Err(E::custom("`0s` leaves no time at all")),
            false => Ok(()),
        }
    }
}

impl Amount for ByteSize {
    fn check<E: Error>(&self) -> Result<(), E> {
        match self.0 {
            0 => Err(E::custom("`0` leaves no room at all")),
            _ => Ok(()),
        }
    }
}

/// What is left out is not nothing.
impl<T: Amount> Amount for Option<T> {
    fn check<E: Error>(&self) -> Result<(), E> {
        self.as_ref().map_or(Ok(()), Amount::check)
    }
}
