//! Two codecs of results: a JSON value, or the body itself. The third is [`Beside`](super::Beside).

use bytes::Bytes;

use super::json_int::from_json;
use super::media_type::MediaType;
use crate::error::{Error, Result};
use crate::protocol::null;
use crate::typed::declare::MethodSpec;
use crate::typed::declare::check::MethodResult;

/// Bodies are JSON.
#[derive(Clone, Copy, Debug)]
pub struct Json;

/// Bodies are bytes that travel as they are.
#[derive(Clone, Copy, Debug)]
pub struct Raw;

/// A codec that makes a method's result of the response body. Not for users to implement.
pub trait DecodeResult<T> {
    /// What the items of a streamed result are.
    #[doc(hidden)]
    const ITEMS: MediaType;

    /// Whether the body may consist of parts.
    #[doc(hidden)]
    const ACCEPTS_PARTS: bool = false;

    /// The result in this body.
    ///
    /// # Errors
    /// [`Error::Decode`] if the body is not a `T`.
    #[doc(hidden)]
    fn decode(method: &MethodSpec, body: Bytes) -> Result<T>;
}

impl<T: MethodResult> DecodeResult<T> for Json {
    const ITEMS: MediaType = MediaType::Json;

    #[inline]
    fn decode(method: &MethodSpec, body: Bytes) -> Result<T> {
        // A method without a result may answer with nothing at all.
        from_json(null::for_empty(&body))
            .map_err(|source| Error::Decode { method: method.name.into(), source })
    }
}

impl<T: From<Bytes>> DecodeResult<T> for Raw {
    const ITEMS: MediaType = MediaType::Raw;

    #[inline]
    fn decode(_: &MethodSpec, body: Bytes) -> Result<T> {
        Ok(T::from(body))
    }
}
