//! The answer of a handler.

use bytes::Bytes;

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
}

impl Reply {
    /// A JSON result.
    ///
    /// # Errors
    /// An [`ProblemKind::Internal`] problem if the value cannot be JSON, such as a
    /// map whose keys are not strings.
    pub fn json<T: Returned + ?Sized>(value: &T) -> Result<Self, Problem> {
        match written(|json| serde_json::to_writer(json, &Lossless::of(value))) {
            Ok(body) => Ok(Self { body, media_type: MediaType::Json }),
            Err(error) => {
                let detail = format!("the result cannot be written as JSON: {error}");
                Err(Problem::new(ProblemKind::Internal, detail))
            }
        }
    }

    /// Bytes, as they are.
    pub fn raw(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), media_type: MediaType::Raw }
    }
}
