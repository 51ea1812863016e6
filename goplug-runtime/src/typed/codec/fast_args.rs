//! A fast path: arguments in the one form in which goplug's own clients write them.
//!
//! Recognised: a JSON object with the parameters by name, in their order, with no space between
//! tokens and no key besides. Names are then compared and not looked up, whole numbers are read
//! without a parser, and no slot has to be checked for a parameter that is missing or given
//! twice. For every other body, valid or not, the result is `None`, and
//! [`decode`](super::decode) reads the body again with serde_json, which also words the errors.

use serde::de::DeserializeOwned;

use super::json_int::JsonInt;
use crate::typed::declare::ParamSpec;

/// A reader of arguments in their usual form, one parameter after the other.
#[derive(Debug)]
pub struct FastArgs<'a> {
    rest: &'a [u8],
    params: &'a [ParamSpec],
}

impl<'a> FastArgs<'a> {
    pub(super) fn new(text: &'a [u8], params: &'a [ParamSpec]) -> Self {
        Self { rest: text, params }
    }

    /// Whether the body is an object without members.
    pub(super) fn is_empty(&self) -> bool {
        self.rest == b"{}"
    }

    /// The value of the next parameter, which has this index. `None` if something else comes
    /// next, or the value is not in its usual form; the body may be correct all the same.
    pub(super) fn value<T: DeserializeOwned>(&mut self, index: usize, is_last: bool) -> Option<T> {
        let rest = self.rest.strip_prefix(if index == 0 { b"{\"" } else { b",\"" })?;
        let rest = rest.strip_prefix(self.params.get(index)?.name.as_bytes())?;
        let rest = rest.strip_prefix(b"\":")?;
        if let Some((int, rest)) = JsonInt::take(rest)
            && (rest == b"}" || !is_last)
            && let Some(value) = int.read()
        {
            self.rest = rest;
            return Some(value);
        }
        if is_last {
            return serde_json::from_slice(rest.strip_suffix(b"}")?).ok();
        }
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter();
        let value = values.next()?.ok()?;
        self.rest = &rest[values.byte_offset()..];
        Some(value)
    }
}
