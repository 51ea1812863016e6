//! A request body to arguments.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::arguments::Arguments;
use super::fast_args::FastArgs;
use super::position::Position;
use crate::protocol::Problem;
use crate::typed::declare::ParamSpec;

/// Decodes a request body. An empty body has no arguments.
///
/// # Errors
/// A problem that names the parameter, or the arguments that were expected.
pub(in crate::typed) fn decode<A: Arguments>(
    body: &[u8],
    params: &[ParamSpec],
) -> Result<A, Problem> {
    let text = if body.is_empty() { b"{}" } else { body };
    if let Some(arguments) = A::from_fast(FastArgs::new(text, params)) {
        return Ok(arguments);
    }
    let position = Position::new(params);
    let mut json = serde_json::Deserializer::from_slice(text);
    let decoded =
        (&mut json).deserialize_any(ArgumentsVisitor { position: &position, marker: PhantomData });
    match decoded.and_then(|value| json.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) => Err(position.problem(&error)),
    }
}

struct ArgumentsVisitor<'a, A> {
    position: &'a Position<'a>,
    marker: PhantomData<A>,
}

impl<'de, A: Arguments> Visitor<'de> for ArgumentsVisitor<'_, A> {
    type Value = A;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object by parameter name or an array by position")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<A, M::Error> {
        A::from_map(map, self.position)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<A, S::Error> {
        A::from_seq(seq, self.position)
    }

    /// `null` is no arguments, as an empty body is.
    fn visit_unit<E: de::Error>(self) -> Result<A, E> {
        A::from_seq(SeqDeserializer::new(std::iter::empty::<u8>()), self.position)
    }
}
