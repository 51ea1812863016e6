//! `null` in place of a value that is absent.
//!
//! Go writes `null` for an empty list that was never made, and other languages write it for
//! whatever is not there. So a key with the value `null` means the same as no key, and an empty
//! body the same as a body that is `null`.

use serde::{Deserialize, Deserializer};

/// Reads a value; `null` is the default of its type.
///
/// # Errors
/// Those of the value.
pub(crate) fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A body of JSON; `null` if it is empty.
#[inline]
pub(crate) fn for_empty(body: &[u8]) -> &[u8] {
    if body.is_empty() { b"null" } else { body }
}
