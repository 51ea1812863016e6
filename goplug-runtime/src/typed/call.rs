//! One invocation of a method, as its handler sees it.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::arguments::{self, Arguments};
use super::check::{ConfigurationType, Returned};
use super::entry::{MethodSpec, PluginType};
use super::outcome::Outcome;
use super::scratch::written;
use crate::protocol::{Problem, ProblemKind, wire};

/// The value of a plugin's type, shared by all its calls.
pub type Instance = Arc<dyn Any + Send + Sync>;

/// A handler's answer, on its way.
pub type ReplyFuture = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;

/// A method of the raw layer: bytes in, bytes out.
pub type Handler = Arc<dyn Fn(Call) -> ReplyFuture + Send + Sync>;

/// One invocation: its arguments, still as bytes.
#[derive(Debug, Default)]
pub struct Call {
    body: Bytes,
}

impl Call {
    /// An invocation with this request body.
    pub fn new(body: Bytes) -> Self {
        Self { body }
    }

    /// The request body as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The request body as it came, given away: the argument of a raw method.
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// Decodes the arguments: an object by parameter name, or an array by position.
    ///
    /// # Errors
    /// A problem that names the parameter and what was expected.
    pub fn arguments<A: Arguments>(&self, method: &MethodSpec) -> Result<A, Problem> {
        arguments::decode(&self.body, method.params)
    }
}

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

/// The answer of a handler.
#[derive(Debug)]
pub struct Reply {
    /// The response body.
    pub body: Bytes,
    /// What the body is.
    pub media_type: MediaType,
}

impl Reply {
    /// A JSON result.
    ///
    /// # Errors
    /// An [`ProblemKind::Internal`] problem where the value cannot be JSON, such as a
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
    pub fn outcome<const OPAQUE: bool, R: Outcome<OPAQUE>>(result: R) -> Result<Self, Problem>
    where
        R::Ok: Returned,
    {
        Self::json(&result.into_reply()?)
    }

    /// The raw result or the error of a method that returns a `Result`.
    ///
    /// # Errors
    /// The method's own error, as a problem of kind [`ProblemKind::Method`].
    #[doc(hidden)]
    pub fn raw_outcome<const OPAQUE: bool, R: Outcome<OPAQUE>>(result: R) -> Result<Self, Problem>
    where
        R::Ok: Into<Bytes>,
    {
        Ok(Self::raw(result.into_reply()?))
    }
}

/// What a host passes to a plugin's activation.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    body: Bytes,
}

impl Configuration {
    /// The body of an `Activate` request.
    pub fn new(body: Bytes) -> Self {
        Self { body }
    }

    /// The configuration as bytes; empty where the host has none.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Decodes it. An empty body reads as `null`.
    ///
    /// # Errors
    /// The decoder's own, with the place in the text.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let text: &[u8] = if self.body.is_empty() { b"null" } else { &self.body };
        serde_json::from_slice(text)
    }

    /// Decodes it for an activation hook; `ty` is how the hook spells the type.
    ///
    /// # Errors
    /// One that says that it is about the configuration, what was expected, and where.
    #[doc(hidden)]
    pub fn read<T: ConfigurationType>(&self, ty: &str) -> anyhow::Result<T> {
        self.parse().map_err(|error| {
            if self.body.is_empty() {
                anyhow::anyhow!("the host gave no configuration, and a `{ty}` is expected")
            } else {
                anyhow::anyhow!("the configuration is not a `{ty}`: {error}")
            }
        })
    }
}

/// An entry of one plugin type was run with the value of another.
#[derive(Debug, thiserror::Error)]
#[error("the value of the plugin is not a {expected}")]
pub struct WrongInstance {
    expected: &'static str,
}

impl From<WrongInstance> for Problem {
    fn from(error: WrongInstance) -> Self {
        Problem::new(ProblemKind::Internal, error.to_string())
    }
}

/// The value of a plugin as its type. Entries are filed under their plugin's type, so
/// this succeeds whenever a server dispatches through them.
///
/// # Errors
/// [`WrongInstance`] where the value is that of another type.
pub fn receiver<P: PluginType>(instance: Instance) -> Result<Arc<P>, WrongInstance> {
    instance.downcast::<P>().map_err(|_| WrongInstance { expected: std::any::type_name::<P>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_does_not_fit_is_named_with_its_type() {
        let given = Configuration::new(Bytes::from_static(br#"{"depth":"x"}"#));
        let error = given.read::<Vec<u8>>("Depths").unwrap_err().to_string();
        assert!(error.starts_with("the configuration is not a `Depths`: "), "{error}");
        let none = Configuration::default().read::<u8>("Depth").unwrap_err().to_string();
        assert!(none.contains("no configuration") && none.contains("`Depth`"), "{none}");
        assert_eq!(Configuration::default().read::<Option<u8>>("Option<u8>").unwrap(), None);
    }
}
