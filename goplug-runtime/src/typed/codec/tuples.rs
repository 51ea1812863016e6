//! Tuples of up to twelve types as arguments.
//!
//! Decoding visits the JSON once and fills one slot for each parameter, without a value tree
//! in between. A missing parameter becomes `None` for an `Option`, and otherwise an error that
//! names the parameter.

use std::fmt;

use bytes::Bytes;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::arguments::{Arguments, EncodeArguments, EncodeError};
use super::encode::{name_of, write_key};
use super::fast_args::FastArgs;
use super::position::Position;
use crate::error::Result;
use crate::protocol::Lossless;
use crate::typed::declare::ParamSpec;
use crate::typed::declare::check::{Received, Sent};

/// A parameter's name as a key, matched without allocating.
struct Key<'a>(&'a Position<'a>);

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

macro_rules! tuples {
    ($(($($index:tt $slot:ident $type:ident),+))+) => {$(
        impl<$($type: Received),+> Arguments for ($($type,)+) {
            fn from_map<'de, M: MapAccess<'de>>(
                mut map: M,
                at: &Position<'_>,
            ) -> Result<Self, M::Error> {
                $(let mut $slot: Option<$type> = None;)+
                while let Some(index) = map.next_key_seed(Key(at))? {
                    at.set(index);
                    match index {
                        $(Some($index) if $slot.is_some() => return Err(at.duplicate($index)),
                        Some($index) => $slot = Some(map.next_value()?),)+
                        _ => { map.next_value::<IgnoredAny>()?; }
                    }
                    at.set(None);
                }
                Ok(($(match $slot { Some(value) => value, None => at.missing($index)? },)+))
            }

            fn from_seq<'de, S: SeqAccess<'de>>(
                mut seq: S,
                at: &Position<'_>,
            ) -> Result<Self, S::Error> {
                let decoded = ($({
                    at.set(Some($index));
                    match seq.next_element()? { Some(value) => value, None => at.missing($index)? }
                },)+);
                at.set(None);
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(decoded)
            }

            fn from_fast(mut fast: FastArgs<'_>) -> Option<Self> {
                let count = [$($index),+].len();
                Some(($(fast.value($index, $index + 1 == count)?,)+))
            }
        }

        impl<$($type: Sent + ?Sized),+> EncodeArguments for ($(&$type,)+) {
            fn write(
                self,
                params: &[ParamSpec],
                json: &mut Vec<u8>,
                _: &mut Option<Bytes>,
            ) -> Result<(), EncodeError> {
                json.reserve(128);
                $(
                    json.push(if $index == 0 { b'{' } else { b',' });
                    write_key(json, name_of(params, $index));
                    serde_json::to_writer(&mut *json, &Lossless::of(self.$index))
                        .map_err(|source| EncodeError { parameter: $index, source })?;
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
