//! JSON or bytes.

use crate::protocol::wire;

/// The encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// A JSON value.
    Json,
    /// Bytes as they are.
    Raw,
}

impl MediaType {
    /// The value of the `Content-Type` header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => wire::JSON,
            Self::Raw => wire::OCTET_STREAM,
        }
    }
}
