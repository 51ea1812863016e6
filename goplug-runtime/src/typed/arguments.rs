//! Arguments on the wire: an object by parameter name, or an array by position.
//!
//! Tuples of up to twelve serde types are arguments. Decoding visits the JSON once
//! and fills one slot for each parameter, without a value tree in between; what is
//! missing becomes `None` for an `Option` and an error that names the parameter for
//! everything else. Unknown keys and further positions are ignored, so that a newer
//! caller can say more.

use std::cell::Cell;
use std::fmt;

use bytes::Bytes;
use serde::de::value::Error as MissingError;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::call::MediaType;
use super::check::{Received, Sent};
use super::entry::ParamSpec;
use super::plain::Plain;
use super::scratch::written;
use crate::error::{Error, Result};
use crate::protocol::Problem;

/// A tuple that can be decoded from a request body. Not for users to implement.
pub trait Arguments: Sized {
    #[doc(hidden)]
    fn from_map<'de, M: MapAccess<'de>>(map: M, at: &Place<'_>) -> Result<Self, M::Error>;
    #[doc(hidden)]
    fn from_seq<'de, S: SeqAccess<'de>>(seq: S, at: &Place<'_>) -> Result<Self, S::Error>;
    #[doc(hidden)]
    fn from_plain(plain: Plain<'_>) -> Option<Self>;
}

/// A tuple of references, or raw bytes, that can be written as a request body. Not
/// for users to implement.
pub trait EncodeArguments {
    /// What the body will be.
    const MEDIA_TYPE: MediaType = MediaType::Json;
    /// Writes them behind what is in `json`, or puts the bytes that they are in `raw`; fails
    /// with the parameter that cannot be JSON.
    #[doc(hidden)]
    fn write(
        self,
        params: &[ParamSpec],
        json: &mut Vec<u8>,
        raw: &mut Option<Bytes>,
    ) -> Result<(), (usize, serde_json::Error)>;

    /// The whole body.
    #[doc(hidden)]
    fn encode(self, params: &[ParamSpec]) -> Result<Bytes, (usize, serde_json::Error)>
    where
        Self: Sized,
    {
        let mut raw = None;
        let json = written(|json| self.write(params, json, &mut raw))?;
        Ok(raw.unwrap_or(json))
    }
}

/// The only parameter of a raw method: the body itself.
#[derive(Debug)]
pub struct Raw(pub Bytes);

impl EncodeArguments for Raw {
    const MEDIA_TYPE: MediaType = MediaType::Raw;
    fn write(
        self,
        _: &[ParamSpec],
        _: &mut Vec<u8>,
        raw: &mut Option<Bytes>,
    ) -> Result<(), (usize, serde_json::Error)> {
        *raw = Some(self.0);
        Ok(())
    }
}

/// Where decoding is: which parameter is being read, for the error.
#[derive(Debug)]
pub struct Place<'a> {
    params: &'a [ParamSpec],
    current: Cell<Option<usize>>,
}

impl Place<'_> {
    fn index_of(&self, key: &str) -> Option<usize> {
        self.params.iter().position(|param| param.name == key)
    }

    fn missing<'de, T: Deserialize<'de>, E: de::Error>(&self, index: usize) -> Result<T, E> {
        self.current.set(Some(index));
        T::deserialize(Missing).map_err(E::custom)
    }

    fn duplicate<E: de::Error>(&self, index: usize) -> E {
        self.current.set(Some(index));
        E::custom("it is given twice")
    }
}

/// Decodes a request body; an empty one reads as no arguments at all.
pub(super) fn decode<A: Arguments>(body: &[u8], params: &[ParamSpec]) -> Result<A, Problem> {
    let text = if body.is_empty() { b"{}" } else { body };
    if let Some(arguments) = A::from_plain(Plain::new(text, params)) {
        return Ok(arguments);
    }
    let place = Place { params, current: Cell::new(None) };
    let mut json = serde_json::Deserializer::from_slice(text);
    let decoded = (&mut json)
        .deserialize_any(ArgumentsVisitor { place: &place, marker: std::marker::PhantomData });
    match decoded.and_then(|value| json.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) => Err(place.problem(&error)),
    }
}

impl Place<'_> {
    fn problem(&self, error: &serde_json::Error) -> Problem {
        match self.current.get().and_then(|index| self.params.get(index)) {
            Some(ParamSpec { name, ty }) if !error.is_syntax() && !error.is_eof() => {
                Problem::argument(name, ty, format!("parameter `{name}` of type {ty}: {error}"))
            }
            _ => {
                let names: Vec<_> =
                    self.params.iter().map(|p| format!("{}: {}", p.name, p.ty)).collect();
                let expected = format!("a JSON object {{{}}}", names.join(", "));
                let mut problem = Problem::new(
                    crate::protocol::ProblemKind::InvalidArguments,
                    format!("expected {expected}, or an array in that order: {error}"),
                );
                problem.expected = Some(expected);
                problem
            }
        }
    }
}

struct ArgumentsVisitor<'a, A> {
    place: &'a Place<'a>,
    marker: std::marker::PhantomData<A>,
}

impl<'de, A: Arguments> Visitor<'de> for ArgumentsVisitor<'_, A> {
    type Value = A;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object by parameter name or an array by position")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<A, M::Error> {
        A::from_map(map, self.place)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<A, S::Error> {
        A::from_seq(seq, self.place)
    }

    /// `null` is no arguments, as an empty body is.
    fn visit_unit<E: de::Error>(self) -> Result<A, E> {
        A::from_seq(de::value::SeqDeserializer::new(std::iter::empty::<u8>()), self.place)
    }
}

/// A parameter's name as a key, matched without allocating.
struct Key<'a>(&'a Place<'a>);

impl<'de> de::DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a parameter name")
    }
    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.index_of(key))
    }
}

/// What stands where nothing was sent: `None` for an `Option`, an error otherwise.
struct Missing;

impl<'de> Deserializer<'de> for Missing {
    type Error = MissingError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, MissingError> {
        Err(de::Error::custom("it is missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MissingError> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl Arguments for () {
    fn from_map<'de, M: MapAccess<'de>>(mut map: M, _: &Place<'_>) -> Result<Self, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn from_seq<'de, S: SeqAccess<'de>>(mut seq: S, _: &Place<'_>) -> Result<Self, S::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn from_plain(plain: Plain<'_>) -> Option<Self> {
        plain.is_none().then_some(())
    }
}

impl EncodeArguments for () {
    fn write(
        self,
        _: &[ParamSpec],
        _: &mut Vec<u8>,
        raw: &mut Option<Bytes>,
    ) -> Result<(), (usize, serde_json::Error)> {
        *raw = Some(Bytes::from_static(b"{}"));
        Ok(())
    }
}

macro_rules! tuples {
    ($(($($index:tt $slot:ident $type:ident),+))+) => {$(
        impl<$($type: Received),+> Arguments for ($($type,)+) {
            fn from_map<'de, M: MapAccess<'de>>(
                mut map: M,
                at: &Place<'_>,
            ) -> Result<Self, M::Error> {
                $(let mut $slot: Option<$type> = None;)+
                while let Some(index) = map.next_key_seed(Key(at))? {
                    at.current.set(index);
                    match index {
                        $(Some($index) if $slot.is_some() => return Err(at.duplicate($index)),
                        Some($index) => $slot = Some(map.next_value()?),)+
                        _ => { map.next_value::<IgnoredAny>()?; }
                    }
                    at.current.set(None);
                }
                Ok(($(match $slot { Some(value) => value, None => at.missing($index)? },)+))
            }

            fn from_seq<'de, S: SeqAccess<'de>>(
                mut seq: S,
                at: &Place<'_>,
            ) -> Result<Self, S::Error> {
                let decoded = ($({
                    at.current.set(Some($index));
                    match seq.next_element()? { Some(value) => value, None => at.missing($index)? }
                },)+);
                at.current.set(None);
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(decoded)
            }

            fn from_plain(mut plain: Plain<'_>) -> Option<Self> {
                let count = [$($index),+].len();
                Some(($(plain.value($index, $index + 1 == count)?,)+))
            }
        }

        impl<$($type: Sent + ?Sized),+> EncodeArguments for ($(&$type,)+) {
            fn write(
                self,
                params: &[ParamSpec],
                json: &mut Vec<u8>,
                _: &mut Option<Bytes>,
            ) -> Result<(), (usize, serde_json::Error)> {
                json.reserve(128);
                $(
                    json.push(if $index == 0 { b'{' } else { b',' });
                    write_key(json, name_of(params, $index));
                    serde_json::to_writer(&mut *json, self.$index).map_err(|e| ($index, e))?;
                )+
                json.push(b'}');
                Ok(())
            }
        }
    )+};
}

tuples! {
    (0 a A)
    (0 a A, 1 b B)
    (0 a A, 1 b B, 2 c C)
    (0 a A, 1 b B, 2 c C, 3 d D)
    (0 a A, 1 b B, 2 c C, 3 d D, 4 e E)
    (0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F)
    (0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G)
    (0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H)
    (0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H, 8 i I)
    (0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H, 8 i I, 9 j J)
    (0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H, 8 i I, 9 j J, 10 k K)
    (0 a A, 1 b B, 2 c C, 3 d D, 4 e E, 5 f F, 6 g G, 7 h H, 8 i I, 9 j J, 10 k K, 11 l L)
}

fn name_of(params: &[ParamSpec], index: usize) -> &'static str {
    params.get(index).map_or("", |param| param.name)
}

/// Writes a parameter's name, in which nothing needs an escape, and the colon behind it.
#[inline]
fn write_key(json: &mut Vec<u8>, name: &str) {
    json.push(b'"');
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":");
}

/// Writes a request body.
///
/// # Errors
/// [`Error::Arguments`] names the parameter that cannot be JSON.
pub(super) fn encode<A: EncodeArguments>(
    method: &str,
    params: &[ParamSpec],
    arguments: A,
) -> Result<Bytes> {
    arguments.encode(params).map_err(|error| unwritable(method, params, error))
}

/// The error of a callback or method whose parameter cannot be JSON.
#[cold]
pub(super) fn unwritable(
    method: &str,
    params: &[ParamSpec],
    (index, error): (usize, serde_json::Error),
) -> Error {
    let parameter = name_of(params, index);
    Error::Arguments {
        method: method.into(),
        parameter: Some(parameter.into()),
        expected: None,
        detail: format!("parameter `{parameter}` cannot be written as JSON: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: &[ParamSpec] =
        &[ParamSpec { name: "a", ty: "i64" }, ParamSpec { name: "b", ty: "Option<String>" }];
    type Args = (i64, Option<String>);

    fn read(body: &str) -> Result<Args, Problem> {
        decode(body.as_bytes(), PARAMS)
    }

    #[test]
    fn an_object_by_name_and_an_array_by_position_say_the_same() {
        let expected = (2, Some("x".to_owned()));
        assert_eq!(read(r#"{"b":"x","a":2}"#).unwrap(), expected);
        assert_eq!(read(r#"[2,"x"]"#).unwrap(), expected);
    }

    #[test]
    fn unknown_keys_and_further_positions_are_ignored() {
        assert_eq!(read(r#"{"a":2,"new":[{}]}"#).unwrap(), (2, None));
        assert_eq!(read(r#"[2,null,7]"#).unwrap(), (2, None));
    }

    #[test]
    fn a_missing_option_is_none_and_anything_else_missing_is_named() {
        assert_eq!(read(r#"{"a":2}"#).unwrap().1, None);
        for body in ["{}", "[]", "", "null", r#"{"b":"x"}"#] {
            let problem = read(body).unwrap_err();
            assert_eq!(problem.parameter.as_deref(), Some("a"), "{body}");
            assert!(problem.detail.contains("missing"), "{}", problem.detail);
        }
    }

    #[test]
    fn a_wrong_type_names_parameter_and_expectation() {
        let problem = read(r#"{"a":"two"}"#).unwrap_err();
        assert_eq!(problem.parameter.as_deref(), Some("a"));
        assert_eq!(problem.expected.as_deref(), Some("i64"));
        assert!(problem.detail.contains("string \"two\""), "{}", problem.detail);
    }

    #[test]
    fn a_parameter_given_twice_is_an_error() {
        assert!(read(r#"{"a":1,"a":2}"#).unwrap_err().detail.contains("twice"));
    }

    #[test]
    fn what_is_no_json_says_what_was_expected() {
        for body in ["{", "3", "{\"a\":1} {}", "\"a\"", "{\"a\":1,}", "\u{0}"] {
            let problem = read(body).unwrap_err();
            assert!(problem.detail.contains("a: i64"), "{body}: {}", problem.detail);
        }
    }

    #[test]
    fn arguments_are_written_by_name() {
        let body = encode("m", PARAMS, (&1_i64, &Some("x"))).unwrap();
        assert_eq!(&body[..], br#"{"a":1,"b":"x"}"#);
    }

    #[test]
    fn a_number_with_a_fraction_arrives_bit_by_bit() {
        const RATIO: &[ParamSpec] = &[ParamSpec { name: "ratio", ty: "f64" }];
        let ratio = 973_545_188.997_046_7_f64;
        let body = encode("m", RATIO, (&ratio,)).unwrap();
        let (read,) = decode::<(f64,)>(&body, RATIO).unwrap();
        assert_eq!(read.to_bits(), ratio.to_bits());
    }

    #[test]
    fn no_parameters_take_anything_that_means_nothing() {
        for body in ["", "{}", "[]", "null", r#"{"x":1}"#, "[1]"] {
            decode::<()>(body.as_bytes(), &[]).unwrap();
        }
    }
}
