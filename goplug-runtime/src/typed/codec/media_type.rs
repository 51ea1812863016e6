//! JSON or bytes.

use crate::protocol::wire;

/// How a body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// A JSON value.
    Json,
    /// Bytes as they are.
    Raw,
}

impl MediaType {
    /// The `Content-Type` of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => wire::JSON,
            Self::Raw => wire::OCTET_STREAM,
        }
    }
}
