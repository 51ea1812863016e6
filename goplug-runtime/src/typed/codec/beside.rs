//! Bytes beside other values: arguments of which some are bytes, and results of a value and bytes.
//!
//! The bytes are not written as JSON. A call has them as parts, see [`crate::protocol::parts`].

use bytes::Bytes;
use serde::de::Error as _;

use super::arguments::{EncodeArguments, EncodeError};
use super::json_int::from_json;
use super::media_type::MediaType;
use super::result::DecodeResult;
use crate::error::{Error, Result};
use crate::protocol::parts::{self, Part};
use crate::typed::declare::check::MethodResult;
use crate::typed::declare::{MethodSpec, ParamSpec};

/// Arguments of which some are bytes.
#[derive(Debug)]
pub struct WithBytes<A, const N: usize> {
    values: A,
    bytes: [(usize, Option<Bytes>); N],
}

/// These arguments, and beside them bytes, each with the index of its parameter. The arguments are
/// those of all other parameters, in order.
pub fn with_bytes<A, const N: usize>(
    values: A,
    bytes: [(usize, Option<Bytes>); N],
) -> WithBytes<A, N> {
    WithBytes { values, bytes }
}

impl<A: EncodeArguments, const N: usize> EncodeArguments for WithBytes<A, N> {
    fn write(
        self,
        params: &[ParamSpec],
        json: &mut Vec<u8>,
        raw: &mut Option<Bytes>,
    ) -> Result<(), EncodeError> {
        let is_value = |(at, _): &(usize, _)| self.bytes.iter().all(|(other, _)| other != at);
        let (indices, values): (Vec<usize>, Vec<ParamSpec>) =
            params.iter().copied().enumerate().filter(is_value).unzip();
        self.values.write(&values, json, raw).map_err(|error| {
            let parameter = indices.get(error.parameter).copied().unwrap_or(error.parameter);
            EncodeError { parameter, ..error }
        })
    }

    fn take_parts(&mut self, params: &[ParamSpec]) -> Vec<Part> {
        let parts = self.bytes.iter_mut().filter_map(|(at, bytes)| {
            let name = params.get(*at)?.name.to_owned();
            Some(Part { name, content: bytes.take()? })
        });
        parts.collect()
    }
}

/// Bytes as a client takes them, to be sent. `None` is sent as nothing.
pub trait IntoPart {
    /// The bytes; those of a reference are copied, unless they are [`Bytes`].
    fn into_part(self) -> Option<Bytes>;
}

impl IntoPart for Bytes {
    fn into_part(self) -> Option<Bytes> {
        Some(self)
    }
}

impl IntoPart for &Bytes {
    fn into_part(self) -> Option<Bytes> {
        Some(self.clone())
    }
}

impl IntoPart for Vec<u8> {
    fn into_part(self) -> Option<Bytes> {
        Some(self.into())
    }
}

impl IntoPart for &Vec<u8> {
    fn into_part(self) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(self))
    }
}

impl IntoPart for &[u8] {
    fn into_part(self) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(self))
    }
}

impl<T: IntoPart> IntoPart for Option<T> {
    fn into_part(self) -> Option<Bytes> {
        self?.into_part()
    }
}

impl<'a, T> IntoPart for &'a Option<T>
where
    &'a T: IntoPart,
{
    fn into_part(self) -> Option<Bytes> {
        self.as_ref()?.into_part()
    }
}

/// Bytes as a method takes them.
pub trait FromPart: Sized {
    /// These bytes, or what stands for none. `None` if the method cannot do without.
    fn from_part(part: Option<Bytes>) -> Option<Self>;
}

impl FromPart for Bytes {
    fn from_part(part: Option<Bytes>) -> Option<Self> {
        part
    }
}

impl FromPart for Vec<u8> {
    fn from_part(part: Option<Bytes>) -> Option<Self> {
        part.map(Self::from)
    }
}

impl<T: FromPart> FromPart for Option<T> {
    fn from_part(part: Option<Bytes>) -> Option<Self> {
        Some(T::from_part(part))
    }
}

/// The codec of a result that is a value and bytes: parts, or a JSON array of both.
#[derive(Clone, Copy, Debug)]
pub struct Beside;

impl<T: MethodResult, B: From<Bytes>> DecodeResult<(T, B)> for Beside {
    const ITEMS: MediaType = MediaType::Json;
    const ACCEPTS_PARTS: bool = true;

    fn decode(method: &MethodSpec, body: Bytes) -> Result<(T, B)> {
        pair(&body).map_err(|source| Error::Decode { method: method.name.into(), source })
    }
}

fn pair<T: MethodResult, B: From<Bytes>>(body: &Bytes) -> Result<(T, B), serde_json::Error> {
    if !parts::is_parts(body) {
        let (value, bytes) = serde_json::from_slice::<(T, Vec<u8>)>(body)?;
        return Ok((value, B::from(bytes.into())));
    }
    let mut parts = parts::read(body).map_err(serde_json::Error::custom)?;
    let mut take = |name| {
        let part = parts::take(&mut parts, name).map_err(serde_json::Error::custom)?;
        part.ok_or_else(|| serde_json::Error::custom(format!("there is no part `{name}`")))
    };
    let (value, bytes) = (take(parts::VALUE)?, take(parts::BYTES)?);
    Ok((from_json(&value)?, B::from(bytes)))
}
