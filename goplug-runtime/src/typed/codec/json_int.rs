//! A fast path: whole numbers, the most common values, are read without a parser.
//!
//! Recognised: an optional minus sign and at most eighteen digits, with nothing between them
//! and the end of the text or the `,` or `}` that ends a member. JSON has no other spelling of
//! these numbers. Saved are the set-up of a parser and its dispatch on the first byte. A longer
//! number, one with a fraction or an exponent, a type that is not an integer, or a number out of
//! the type's range falls back to serde_json, which reads it or says what is wrong.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, Visitor};

/// Reads a JSON value, as [`serde_json::from_slice`] does. The exception: with its feature
/// `arbitrary_precision`, serde_json passes a number to an untyped visitor as a map; here it
/// stays a number.
///
/// # Errors
/// Those of [`serde_json::from_slice`].
#[inline]
pub(in crate::typed) fn from_json<T: DeserializeOwned>(
    text: &[u8],
) -> Result<T, serde_json::Error> {
    if let Some((int, [])) = JsonInt::take(text)
        && let Some(value) = int.read()
    {
        return Ok(value);
    }
    serde_json::from_slice(text)
}

/// A whole number of at most eighteen digits in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JsonInt {
    magnitude: u64,
    negative: bool,
}

/// Every number with this many digits fits into an `i64` and a `u64`.
const MOST_DIGITS: usize = 18;

impl JsonInt {
    /// The number at the beginning of this text, and the text behind it, which is empty or
    /// begins with `,` or `}`.
    #[inline]
    pub(super) fn take(text: &[u8]) -> Option<(Self, &[u8])> {
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let (mut magnitude, mut count) = (0, 0);
        while let Some(digit @ b'0'..=b'9') = digits.get(count) {
            if count == MOST_DIGITS {
                return None;
            }
            magnitude = magnitude * 10 + u64::from(digit - b'0');
            count += 1;
        }
        // Leading zeros are not allowed, and a negative zero is a number with a fraction.
        let is_plain = count == 1 && !negative || count > 0 && digits[0] != b'0';
        let rest = &digits[count..];
        let ends = matches!(rest.first(), None | Some(b',' | b'}'));
        (is_plain && ends).then_some((Self { magnitude, negative }, rest))
    }

    /// The number as a `T`; `None` if `T` is not an integer or the number is out of its range.
    #[inline]
    pub(super) fn read<'de, T: Deserialize<'de>>(self) -> Option<T> {
        T::deserialize(self).ok()
    }
}

/// A whole number is not a value of this type. The caller falls back to serde_json, which says
/// what is wrong, if anything is.
#[derive(Debug)]
pub(super) struct NotInt;

impl fmt::Display for NotInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a whole number")
    }
}

impl std::error::Error for NotInt {}

impl de::Error for NotInt {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! numbers {
    ($($method:ident)+) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotInt> {
            self.deserialize_any(visitor)
        }
    )+};
}

macro_rules! others {
    ($($method:ident($($argument:ty),*))+) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $argument,)* _: V) -> Result<V::Value, NotInt> {
            Err(NotInt)
        }
    )+};
}

impl<'de> Deserializer<'de> for JsonInt {
    type Error = NotInt;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotInt> {
        if self.negative {
            // At most eighteen digits.
            visitor.visit_i64(-self.magnitude.cast_signed())
        } else {
            visitor.visit_u64(self.magnitude)
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotInt> {
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotInt> {
        // serde_json's own private types, such as `RawValue`, are newtypes with such names.
        if name.starts_with('$') { Err(NotInt) } else { visitor.visit_newtype_struct(self) }
    }

    others! {
        deserialize_i128() deserialize_u128() deserialize_f32() deserialize_f64()
        deserialize_bool() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_unit() deserialize_seq()
        deserialize_map() deserialize_identifier() deserialize_ignored_any()
        deserialize_tuple(usize)
        deserialize_unit_struct(&'static str)
        deserialize_tuple_struct(&'static str, usize)
        deserialize_struct(&'static str, &'static [&'static str])
        deserialize_enum(&'static str, &'static [&'static str])
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    /// Both readers give the same value or the same error.
    fn agrees<T: DeserializeOwned + PartialEq + Debug>(text: &str) {
        let ours = from_json::<T>(text.as_bytes()).map_err(|error| error.to_string());
        let theirs = serde_json::from_str::<T>(text).map_err(|error| error.to_string());
        assert_eq!(ours, theirs, "{text} as {}", std::any::type_name::<T>());
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Metres(u32);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Small(u8),
        Any(i64),
        Text(String),
    }

    fn agrees_of_all(text: &str) {
        agrees::<u8>(text);
        agrees::<i8>(text);
        agrees::<i64>(text);
        agrees::<u64>(text);
        agrees::<u128>(text);
        agrees::<f64>(text);
        agrees::<Option<i32>>(text);
        agrees::<Metres>(text);
        agrees::<Either>(text);
        agrees::<String>(text);
        agrees::<(u8,)>(text);
        agrees::<serde_json::Value>(text);
        agrees::<bool>(text);
        agrees::<()>(text);
    }

    #[test]
    fn every_text_reads_as_with_serde_json() {
        for text in [
            "0",
            "-0",
            "00",
            "01",
            "-1",
            "255",
            "256",
            "-128",
            "-129",
            "1.0",
            "1e2",
            "1 ",
            " 1",
            "999999999999999999",
            "1000000000000000000",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "",
            "-",
            "+1",
            "1,",
            "1}",
            "null",
            "true",
            "\"1\"",
            "[1]",
            "{}",
        ] {
            agrees_of_all(text);
        }
        let raw = from_json::<Box<serde_json::value::RawValue>>(b"12").unwrap();
        assert_eq!(raw.get(), "12");
    }

    #[test]
    fn a_number_ends_at_the_end_of_its_member() {
        let taken = |text: &'static str| {
            let (int, rest) = JsonInt::take(text.as_bytes())?;
            Some((int.read::<i64>().unwrap(), std::str::from_utf8(rest).unwrap()))
        };
        assert_eq!(taken("12,\"b\":3}"), Some((12, ",\"b\":3}")));
        assert_eq!(taken("-7}"), Some((-7, "}")));
        for text in ["12.5}", "1e3}", "12 }", "12]"] {
            assert_eq!(taken(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_read_as_with_serde_json(number: i128, text in "-?[0-9]{1,20}") {
            agrees_of_all(&number.to_string());
            agrees_of_all(&((number >> 70) as i64).to_string());
            agrees_of_all(&text);
        }
    }
}
