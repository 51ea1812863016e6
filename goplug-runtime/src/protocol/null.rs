//! `null` in place of a value that is absent.
//!
//! Go writes `null` for an empty list that was never made, and other languages write it for
//! whatever is not there. So a key with the value `null` means the same as no key, and an empty
//! body the same as a body that is `null`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::limits;

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

/// Reads a list of at most [`limits::MAX_MEMBERS`] values; `null` is the empty one.
///
/// # Errors
/// Those of the values, and that there are too many.
pub(crate) fn or_members<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_option(Members(PhantomData))
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_none<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Vec<T>, A::Error> {
        let mut members = Vec::new();
        while let Some(value) = values.next_element()? {
            if members.len() == limits::MAX_MEMBERS {
                let limit = limits::MAX_MEMBERS;
                return Err(A::Error::custom(format_args!("a list has more than {limit} entries")));
            }
            members.push(value);
        }
        Ok(members)
    }
}

/// A body of JSON; `null` if it is empty.
#[inline]
pub(crate) fn for_empty(body: &[u8]) -> &[u8] {
    if body.is_empty() { b"null" } else { body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_bounded_number_of_members() {
        let read = |count: usize| {
            let list = serde_json::to_string(&vec![7; count]).unwrap();
            or_members::<u8, _>(&mut serde_json::Deserializer::from_str(&list))
        };
        assert_eq!(read(limits::MAX_MEMBERS).unwrap().len(), limits::MAX_MEMBERS);
        let error = read(limits::MAX_MEMBERS + 1).unwrap_err().to_string();
        assert!(error.contains("a list has more than 10000 entries"), "{error}");
        let none = or_members::<u8, _>(&mut serde_json::Deserializer::from_str("null"));
        assert!(none.unwrap().is_empty());
    }
}
