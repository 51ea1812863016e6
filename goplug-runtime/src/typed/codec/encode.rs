//! Arguments to a request body.

use bytes::Bytes;

use super::arguments::{EncodeArguments, EncodeError};
use crate::error::{Error, Result};
use crate::typed::declare::ParamSpec;

/// Writes a request body.
///
/// # Errors
/// [`Error::Arguments`] names the parameter that cannot be JSON.
pub(in crate::typed) fn encode<A: EncodeArguments>(
    method: &str,
    params: &[ParamSpec],
    arguments: A,
) -> Result<Bytes> {
    arguments.encode(params).map_err(|error| unwritable(method, params, error))
}

/// The error of a callback or method whose parameter cannot be JSON.
#[cold]
pub(in crate::typed) fn unwritable(
    method: &str,
    params: &[ParamSpec],
    EncodeError { parameter, source }: EncodeError,
) -> Error {
    let parameter = name_of(params, parameter);
    Error::Arguments {
        method: method.into(),
        parameter: Some(parameter.into()),
        expected: None,
        detail: format!("parameter `{parameter}` cannot be written as JSON: {source}"),
    }
}

pub(super) fn name_of(params: &[ParamSpec], index: usize) -> &'static str {
    params.get(index).map_or("", |param| param.name)
}

/// Writes a parameter's name and a colon. An identifier of Rust needs no escapes in JSON.
#[inline]
pub(super) fn write_key(json: &mut Vec<u8>, name: &str) {
    json.push(b'"');
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":");
}
