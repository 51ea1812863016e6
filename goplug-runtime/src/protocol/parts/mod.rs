//! Bytes beside other values: bodies of the media type `multipart/form-data` (RFC 7578).
//!
//! Such a body says itself what it is: it begins with the line of its boundary, `--boundary`, and no
//! JSON begins so. So neither end has to read a `Content-Type`. A part of goplug's says how long it
//! is, and nothing of it is searched or copied.
//!
//! [`read`] takes a body apart, [`Multipart`] puts one together, `json` says the same as JSON, for
//! peers that do not know parts. Start with [`read`].

mod boundary;
mod error;
mod head;
#[cfg(any(feature = "host", feature = "plugin"))]
pub(crate) mod json;
mod reader;
mod writer;

use bytes::Bytes;

pub use error::PartsError;
pub use reader::read;
pub use writer::Multipart;

/// The name of the part with the arguments as JSON.
pub const ARGUMENTS: &str = "arguments";
/// The name of the part with the result's value as JSON.
pub const VALUE: &str = "value";
/// The name of the part with the result's bytes.
pub const BYTES: &str = "bytes";

/// One part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What the part is: the parameter's name.
    pub name: String,
    /// A slice of the body.
    pub content: Bytes,
}

impl Part {
    /// The parts of a body of the media type `multipart/form-data`, in order, such as the response to a
    /// call that [accepts parts](crate::typed::CallRequest::accepts_parts). Their contents are slices of
    /// the body.
    ///
    /// # Errors
    /// [`PartsError`] says why the body is none.
    pub fn read(body: &Bytes) -> Result<Vec<Self>, PartsError> {
        read(body)
    }
}

/// Whether a body that may be JSON consists of parts.
#[inline]
pub fn is_parts(body: &[u8]) -> bool {
    body.starts_with(b"--")
}

/// Takes the part of this name out of these.
///
/// # Errors
/// [`PartsError::Twice`] if there are several.
pub fn take(parts: &mut Vec<Part>, name: &str) -> Result<Option<Bytes>, PartsError> {
    let Some(at) = parts.iter().position(|part| part.name == name) else { return Ok(None) };
    let Part { name, content } = parts.swap_remove(at);
    if parts.iter().any(|part| part.name == name) {
        return Err(PartsError::Twice(name));
    }
    Ok(Some(content))
}
