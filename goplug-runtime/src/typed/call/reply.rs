//! The answer of a handler.

use bytes::Bytes;

use crate::protocol::{Problem, ProblemKind};
use crate::typed::codec::{MediaType, written};
use crate::typed::declare::check::Returned;
use crate::typed::declare::{MethodSpec, Outcome};

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
        match written(|json| serde_json::to_writer(json, value)) {
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

    /// The JSON result or the error of a method that returns a `Result`.
    ///
    /// # Errors
    /// The method's own error, as a problem of kind [`ProblemKind::Method`].
    #[doc(hidden)]
    pub fn outcome<const OPAQUE: bool, R: Outcome<OPAQUE>>(
        method: &MethodSpec,
        result: R,
    ) -> Result<Self, Problem>
    where
        R::Ok: Returned,
    {
        Self::json(&result.into_reply(method)?)
    }

    /// The raw result or the error of a method that returns a `Result`.
    ///
    /// # Errors
    /// The method's own error, as a problem of kind [`ProblemKind::Method`].
    #[doc(hidden)]
    pub fn raw_outcome<const OPAQUE: bool, R: Outcome<OPAQUE>>(
        method: &MethodSpec,
        result: R,
    ) -> Result<Self, Problem>
    where
        R::Ok: Into<Bytes>,
    {
        Ok(Self::raw(result.into_reply(method)?))
    }
}
