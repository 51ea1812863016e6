//! The answer of a handler.

use bytes::Bytes;

use crate::protocol::parts::{self, Multipart};
use crate::protocol::{Lossless, Problem, ProblemKind};
use crate::typed::codec::{MediaType, written};
use crate::typed::declare::check::Returned;

/// The answer of a handler.
#[derive(Debug)]
pub struct Reply {
    /// The response body.
    pub body: Bytes,
    /// The media type of the body.
    pub media_type: MediaType,
    /// Bytes beside the value in the body; boxed, since most replies have none.
    pub beside: Option<Box<Bytes>>,
}

impl Reply {
    /// A JSON result.
    ///
    /// # Errors
    /// An [`ProblemKind::Internal`] problem if the value cannot be JSON, such as a
    /// map whose keys are not strings.
    pub fn json<T: Returned + ?Sized>(value: &T) -> Result<Self, Problem> {
        match written(|json| serde_json::to_writer(json, &Lossless::of(value))) {
            Ok(body) => Ok(Self { body, media_type: MediaType::Json, beside: None }),
            Err(error) => {
                let detail = format!("the result cannot be written as JSON: {error}");
                Err(Problem::new(ProblemKind::Internal, detail))
            }
        }
    }

    /// Bytes, as they are.
    pub fn raw(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), media_type: MediaType::Raw, beside: None }
    }

    /// The body with the bytes beside it, for a caller that accepts parts. Copies the bytes.
    pub fn whole_body(self) -> Bytes {
        match self.beside {
            Some(bytes) => Self::multipart(&self.body, &bytes).joined(),
            None => self.body,
        }
    }

    /// A value and bytes as parts.
    pub(crate) fn multipart(value: &[u8], bytes: &Bytes) -> Multipart {
        Multipart::new(parts::VALUE, value, [(parts::BYTES, bytes)])
    }

    /// A JSON result, and bytes beside it.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub fn with_bytes<T: Returned + ?Sized>(
        value: &T,
        bytes: impl Into<Bytes>,
    ) -> Result<Self, Problem> {
        Ok(Self { beside: Some(Box::new(bytes.into())), ..Self::json(value)? })
    }
}
