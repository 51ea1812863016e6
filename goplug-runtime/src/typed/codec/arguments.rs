//! What arguments are: tuples of serde's types, or the bytes of a whole body.
//!
//! On the wire, arguments are a JSON object by parameter name or an array by position. Unknown
//! keys and further positions are ignored, so that a newer caller can say more.

use bytes::Bytes;
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::fast_args::FastArgs;
use super::media_type::MediaType;
use super::position::Position;
use super::request_items::RequestItems;
use super::scratch::written;
use crate::error::Result;
use crate::protocol::parts::Part;
use crate::typed::declare::ParamSpec;

/// A tuple that can be decoded from a request body. Not for users to implement.
pub trait Arguments: Sized {
    #[doc(hidden)]
    fn from_map<'de, M: MapAccess<'de>>(map: M, at: &Position<'_>) -> Result<Self, M::Error>;
    #[doc(hidden)]
    fn from_seq<'de, S: SeqAccess<'de>>(seq: S, at: &Position<'_>) -> Result<Self, S::Error>;
    #[doc(hidden)]
    fn from_fast(fast: FastArgs<'_>) -> Option<Self>;
}

/// A tuple of references, or raw bytes, that can be written as a request body. Not
/// for users to implement.
pub trait EncodeArguments {
    /// The media type of the body.
    const MEDIA_TYPE: MediaType = MediaType::Json;
    /// Appends JSON to `json`, or puts bytes that need no encoding into `raw`. The error says
    /// which parameter cannot be JSON.
    #[doc(hidden)]
    fn write(
        self,
        params: &[ParamSpec],
        json: &mut Vec<u8>,
        raw: &mut Option<Bytes>,
    ) -> Result<(), EncodeError>;

    /// Takes out the bytes beside other arguments, which `write` leaves out.
    #[doc(hidden)]
    #[inline]
    fn take_parts(&mut self, _: &[ParamSpec]) -> Vec<Part> {
        Vec::new()
    }

    /// Takes out the stream beside the arguments.
    #[doc(hidden)]
    #[inline]
    fn take_items(&mut self) -> Option<RequestItems> {
        None
    }

    /// The whole body.
    #[doc(hidden)]
    fn encode(self, params: &[ParamSpec]) -> Result<Bytes, EncodeError>
    where
        Self: Sized,
    {
        let mut raw = None;
        let json = written(|json| self.write(params, json, &mut raw))?;
        Ok(raw.unwrap_or(json))
    }
}

/// A parameter cannot be written as JSON.
#[derive(Debug)]
pub struct EncodeError {
    /// The index of the parameter.
    pub parameter: usize,
    /// Why it cannot be written.
    pub source: serde_json::Error,
}

impl Arguments for () {
    fn from_map<'de, M: MapAccess<'de>>(mut map: M, _: &Position<'_>) -> Result<Self, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn from_seq<'de, S: SeqAccess<'de>>(mut seq: S, _: &Position<'_>) -> Result<Self, S::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn from_fast(fast: FastArgs<'_>) -> Option<Self> {
        fast.is_empty().then_some(())
    }
}

impl EncodeArguments for () {
    fn write(
        self,
        _: &[ParamSpec],
        _: &mut Vec<u8>,
        raw: &mut Option<Bytes>,
    ) -> Result<(), EncodeError> {
        *raw = Some(Bytes::from_static(b"{}"));
        Ok(())
    }
}

/// The only parameter of a raw method: the body itself.
impl EncodeArguments for Bytes {
    const MEDIA_TYPE: MediaType = MediaType::Raw;
    fn write(
        self,
        _: &[ParamSpec],
        _: &mut Vec<u8>,
        raw: &mut Option<Bytes>,
    ) -> Result<(), EncodeError> {
        *raw = Some(self);
        Ok(())
    }
}
