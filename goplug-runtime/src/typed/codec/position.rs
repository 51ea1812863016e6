//! The position of the decoder of arguments, and its value for a missing parameter.

use std::cell::Cell;

use serde::de::value::Error as MissingError;
use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::protocol::{Problem, ProblemKind};
use crate::typed::declare::ParamSpec;

/// The position of the decoder: which parameter is being read. Errors name it.
#[derive(Debug)]
pub struct Position<'a> {
    params: &'a [ParamSpec],
    current: Cell<Option<usize>>,
}

impl<'a> Position<'a> {
    #[inline]
    pub(super) fn new(params: &'a [ParamSpec]) -> Self {
        Self { params, current: Cell::new(None) }
    }

    #[inline]
    pub(super) fn set(&self, index: Option<usize>) {
        self.current.set(index);
    }

    pub(super) fn index_of(&self, key: &str) -> Option<usize> {
        self.params.iter().position(|param| param.name == key)
    }

    pub(super) fn missing<'de, T: Deserialize<'de>, E: de::Error>(
        &self,
        index: usize,
    ) -> Result<T, E> {
        self.current.set(Some(index));
        T::deserialize(Missing).map_err(E::custom)
    }

    pub(super) fn duplicate<E: de::Error>(&self, index: usize) -> E {
        self.current.set(Some(index));
        E::custom("it is given twice")
    }

    /// The problem document for an error that was met here.
    pub(super) fn problem(&self, error: &serde_json::Error) -> Problem {
        match self.current.get().and_then(|index| self.params.get(index)) {
            Some(ParamSpec { name, ty, .. }) if !error.is_syntax() && !error.is_eof() => {
                Problem::argument(name, ty, format!("parameter `{name}` of type {ty}: {error}"))
            }
            _ => {
                let names: Vec<_> =
                    self.params.iter().map(|p| format!("{}: {}", p.name, p.ty)).collect();
                let expected = format!("a JSON object {{{}}}", names.join(", "));
                let mut problem = Problem::new(
                    ProblemKind::InvalidArguments,
                    format!("expected {expected}, or an array in that order: {error}"),
                );
                problem.expected = Some(expected);
                problem
            }
        }
    }
}

/// The value of a missing parameter: `None` for an `Option`, an error otherwise.
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
